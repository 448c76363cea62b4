-- Project Crewe report, figure 2: percentage of cases still open after referral, every 50 days. The
-- report draws the curves that a Cox model with history implies (cox_percent), which can't cross,
-- and describes curves that do: those are the observed ones (open_percent, Kaplan-Meier). A small
-- p-value of the score test says that one hazard ratio doesn't stand for the whole time.
with observed as (
    select * from {{ ref('fct_survival_curves') }}
    where study_id = 'crewe' and sample = 'unmatched' and clock = 'recoded_referral'
),

implied as (
    select * from {{ ref('fct_cox_curves') }}
    where study_id = 'crewe' and analysis_id = 'time_to_closure'
),

marks as (
    select distinct cast(floor(time_days / 50) * 50 as bigint) as mark_days
    from observed
),

shown as (
    select
        marks.mark_days,
        observed.arm,
        max_by(observed.survival, observed.time_days) filter (
            where observed.time_days <= marks.mark_days
        ) as survival,
        max_by(observed.ci_low, observed.time_days) filter (
            where observed.time_days <= marks.mark_days and observed.ci_low is not null
        ) as ci_low,
        max_by(observed.ci_high, observed.time_days) filter (
            where observed.time_days <= marks.mark_days and observed.ci_high is not null
        ) as ci_high,
        min_by(observed.n_at_risk, observed.time_days) filter (
            where observed.time_days >= marks.mark_days
        ) as n_at_risk
    from observed
    cross join marks
    group by
        marks.mark_days,
        observed.arm
),

cox_shown as (
    select
        marks.mark_days,
        implied.arm,
        min(implied.survival) as survival
    from implied
    inner join marks
        on implied.time_days <= marks.mark_days
    group by
        marks.mark_days,
        implied.arm
),

drift as (
    select
        max(p_value) as p_value,
        max(status_reason) as status_reason
    from {{ ref('fct_proportional_hazards') }}
    where
        study_id = 'crewe'
        and analysis_id = 'time_to_closure'
        and term = 'treated'
        and transform = 'km'
)

select
    shown.mark_days as time_days,
    shown.arm,
    round(100 * shown.survival, 1) as open_percent,
    round(100 * shown.ci_low, 1) as open_low,
    round(100 * shown.ci_high, 1) as open_high,
    round(100 * cox_shown.survival, 1) as cox_percent,
    shown.n_at_risk,
    round(drift.p_value, 4) as p_value_of_proportional_hazards,
    drift.status_reason
from shown
left join cox_shown
    on shown.mark_days = cox_shown.mark_days and shown.arm = cox_shown.arm
cross join drift
order by
    shown.mark_days asc,
    shown.arm desc
