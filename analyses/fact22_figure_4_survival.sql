-- FACT22 report, Figure 4: percentage of CIN cases still open and number at risk, every 50 days.
-- The figure's axis counts from the start of the study or of the plan, whichever is later (clock
-- later_of_both); the other clocks stand beside it. Its printed title says "closed", its axis shows
-- open cases. On all clocks but programme_entry, treated cases can't close before they enter the
-- programme, so the early gap is no effect. On study_start a case is at risk from its plan start.
with
curves as (
    select * from {{ ref('fct_survival_curves') }}
    where study_id = 'fact22' and sample = 'cem_caliper'
),

marks as (
    select distinct
        clock,
        cast(floor(time_days / 50) * 50 as bigint) as mark_days
    from curves
)

select
    curves.clock,
    marks.mark_days as time_days,
    curves.arm,
    round(
        100 * max_by(curves.survival, curves.time_days) filter (
            where curves.time_days <= marks.mark_days
        ), 1
    ) as still_open_percent,
    round(
        100 * max_by(curves.ci_low, curves.time_days) filter (
            where curves.time_days <= marks.mark_days and curves.ci_low is not null
        ), 1
    ) as low_percent,
    round(
        100 * max_by(curves.ci_high, curves.time_days) filter (
            where curves.time_days <= marks.mark_days and curves.ci_high is not null
        ), 1
    ) as high_percent,
    round(
        min_by(curves.n_at_risk, curves.time_days) filter (
            where curves.time_days >= marks.mark_days
        ), 1
    ) as n_at_risk_weighted
from curves
inner join marks using (clock)
group by curves.clock, marks.mark_days, curves.arm
having max(curves.time_days) >= marks.mark_days
order by
    curves.clock = 'later_of_both' desc, curves.clock asc, marks.mark_days asc, curves.arm desc
