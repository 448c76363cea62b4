-- FACT22 report, Figure 3: closure of CIN cases (without later escalation). One row per bar, with
-- the difference and its interval, in percentage points, beside them.
with arms as (
    select * from {{ ref('fct_group_outcomes') }}
    where
        study_id = 'fact22'
        and sample = 'cem_caliper'
        and outcome = 'closed_without_later_escalation'
),

effect as (
    select * from {{ ref('fct_effect_estimates') }}
    where study_id = 'fact22' and analysis_id = 'closure_main' and term = 'treated'
)

select
    arms.arm,
    arms.n as n_cases,
    round(100 * arms.value, 1) as closed_percent,
    round(100 * effect.estimate, 1) as difference_pp,
    round(100 * effect.ci_low, 1) as difference_low_pp,
    round(100 * effect.ci_high, 1) as difference_high_pp,
    effect.stars
from arms
cross join effect
order by arms.arm desc
