-- FACT22 report, appendix 4: how strong an unseen cause of selection must be to explain each
-- primary result away. gamma_05 and gamma_01 are the first odds at which the one-sided p-value
-- passes 5 % and 1 %; ceiling_gamma is the most the test could give with so many pairs.
with bounds as (
    select distinct
        study_id,
        outcome,
        method,
        direction,
        crossing_gamma,
        crossing_gamma_01,
        ceiling_gamma,
        status,
        status_reason
    from {{ ref('fct_hidden_bias_bounds') }}
    where study_id = 'fact22'
),

primary_outcomes as (
    select * from {{ ref('study_outcomes') }}
    where study_id = 'fact22' and is_primary
)

select
    bounds.outcome,
    bounds.method,
    bounds.direction,
    round(bounds.crossing_gamma, 2) as gamma_05,
    round(bounds.crossing_gamma_01, 2) as gamma_01,
    round(bounds.ceiling_gamma, 2) as ceiling_gamma,
    bounds.status,
    bounds.status_reason
from bounds
inner join primary_outcomes
    using (outcome)
order by primary_outcomes.outcome_order, bounds.method
