-- FACT22 report, appendix 4, "Re-referrals of CIN cases": within a year of the original referral,
-- at any time in the study, and the share of cases observed for less than that year. The report
-- counts that share unweighted; it does so here too. Beside the first stand the days on which such
-- a re-referral could be seen, and how many of them came after the case had closed: hardly any
-- where cases stay open for a year, and an open case is seldom referred again.
with rates as (
    select
        outcome,
        arm,
        value as rate
    from {{ ref('fct_group_outcomes') }}
    where
        study_id = 'fact22'
        and sample = 'cem_caliper'
        and outcome in ('rereferred_12m', 'rereferred_any')
),

short as (
    select
        outcomes.outcome,
        samples.arm,
        avg(outcomes.value) as rate
    from {{ ref('fct_matched_cases') }} as samples
    inner join {{ ref('fct_case_outcomes') }} as outcomes
        using (study_id, la_code, case_id)
    where
        samples.study_id = 'fact22'
        and samples.method = 'cem_caliper'
        and outcomes.outcome = 'short_observation'
    group by all
),

combined as (
    select * from rates
    union all
    select * from short
),

exposed as (
    select
        *,
        100.0 * closed_days_in_window / nullif(at_risk_days_in_window, 0) as percent_closed
    from {{ ref('fct_rereferral_exposure') }}
    where study_id = 'fact22' and sample = 'cem_caliper'
),

exposure as (
    select
        'rereferred_12m' as outcome,
        max(mean_at_risk_days) filter (where arm = 'treated') as days_treated,
        max(mean_at_risk_days) filter (where arm = 'comparator') as days_comparator,
        max(percent_closed) filter (where arm = 'treated') as closed_treated,
        max(percent_closed) filter (where arm = 'comparator') as closed_comparator,
        max(events_per_1000_days) filter (where arm = 'treated') as rate_treated,
        max(events_per_1000_days) filter (where arm = 'comparator') as rate_comparator
    from exposed
)

select
    combined.outcome,
    round(100 * max(combined.rate) filter (where combined.arm = 'treated'), 1) as fact22_percent,
    round(100 * max(combined.rate) filter (where combined.arm = 'comparator'), 1)
        as comparator_percent,
    round(max(exposure.days_treated), 0) as fact22_mean_days_at_risk,
    round(max(exposure.days_comparator), 0) as comparator_mean_days_at_risk,
    round(max(exposure.closed_treated), 0) as fact22_percent_of_days_closed,
    round(max(exposure.closed_comparator), 0) as comparator_percent_of_days_closed,
    round(max(exposure.rate_treated), 3) as fact22_per_1000_days,
    round(max(exposure.rate_comparator), 3) as comparator_per_1000_days
from combined
left join exposure
    using (outcome)
group by combined.outcome
order by combined.outcome
