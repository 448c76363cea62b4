-- FACT22 report, Figure 5: escalation of any kind, to a child protection plan (CP) and to care
-- (LAC). A case can have both kinds, so the two may add up to more than the first.
with arms as (
    select
        outcome,
        max(value) filter (where arm = 'treated') as treated,
        max(value) filter (where arm = 'comparator') as comparator
    from {{ ref('fct_group_outcomes') }}
    where study_id = 'fact22' and sample = 'cem_caliper'
    group by outcome
),

effects as (
    select * from {{ ref('fct_effect_estimates') }}
    where
        study_id = 'fact22'
        and analysis_id in ('escalation_main', 'escalation_cp_main', 'escalation_lac_main')
        and term = 'treated'
)

select
    effects.outcome,
    round(100 * arms.treated, 1) as fact22_percent,
    round(100 * arms.comparator, 1) as comparator_percent,
    round(100 * effects.estimate, 1) as difference_pp,
    round(100 * effects.ci_low, 1) as difference_low_pp,
    round(100 * effects.ci_high, 1) as difference_high_pp,
    effects.stars
from effects
inner join arms
    using (outcome)
order by effects.outcome
