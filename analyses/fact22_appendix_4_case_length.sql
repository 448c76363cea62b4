-- FACT22 report, section 3 and appendix 4, "Length of CIN case": the estimated lengths, which allow
-- for open cases, beside the plain means of closed cases, which don't. All in weeks.
with lengths as (
    select
        outcome,
        arm,
        n as n_cases,
        value as mean_weeks
    from {{ ref('fct_group_outcomes') }}
    where
        study_id = 'fact22'
        and sample = 'cem_caliper'
        and outcome in ('case_length_days', 'closed_case_length_days')
),

arms as (
    select
        max(mean_weeks) filter (where outcome = 'case_length_days' and arm = 'treated')
            as estimated_fact22,
        max(mean_weeks) filter (where outcome = 'case_length_days' and arm = 'comparator')
            as estimated_comparator,
        max(mean_weeks) filter (where outcome = 'closed_case_length_days' and arm = 'treated')
            as closed_fact22,
        max(mean_weeks) filter (where outcome = 'closed_case_length_days' and arm = 'comparator')
            as closed_comparator,
        sum(n_cases) filter (where outcome = 'case_length_days')
        - sum(n_cases) filter (where outcome = 'closed_case_length_days') as n_censored
    from lengths
),

effect as (
    select * from {{ ref('fct_effect_estimates') }}
    where study_id = 'fact22' and analysis_id = 'length_main' and term = 'treated'
)

select
    round(arms.estimated_fact22, 1) as estimated_fact22_weeks,
    round(arms.estimated_comparator, 1) as estimated_comparator_weeks,
    round(effect.estimate, 1) as difference_weeks,
    round(effect.ci_low, 1) as difference_low_weeks,
    round(effect.ci_high, 1) as difference_high_weeks,
    round(100 * effect.estimate / arms.estimated_comparator, 1) as difference_percent,
    effect.stars,
    round(arms.closed_fact22, 1) as closed_fact22_weeks,
    round(arms.closed_comparator, 1) as closed_comparator_weeks,
    arms.n_censored
from arms
cross join effect
