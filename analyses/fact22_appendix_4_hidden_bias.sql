-- FACT22 report, appendix 4: how strong an unseen cause of selection must be to explain each
-- primary result away. gamma_05 and gamma_01 are the first odds at which the one-sided p-value
-- passes 5 % and 1 %; the ceilings are the most the test could give with so many pairs. The report
-- prints 2.6 (closure), 1.6 (escalation), 2.5 (re-referral) and 34 (length, its ceiling) without
-- saying which table it took: see the methods of fct_hidden_bias_bounds.
with bounds as (
    select
        study_id,
        sample,
        outcome,
        method,
        direction,
        crossing_gamma,
        crossing_gamma_01,
        ceiling_gamma,
        ceiling_gamma_01,
        max(gamma) filter (
            where sign(estimate_low) = sign(estimate_high)
        ) as largest_gamma_of_one_sign,
        status,
        status_reason
    from {{ ref('fct_hidden_bias_bounds') }}
    where study_id = 'fact22'
    group by all
),

primary_outcomes as (
    select * from {{ ref('study_outcomes') }}
    where study_id = 'fact22' and is_primary
)

select
    bounds.sample,
    bounds.outcome,
    bounds.method,
    bounds.direction,
    round(bounds.crossing_gamma, 2) as gamma_05,
    round(bounds.crossing_gamma_01, 2) as gamma_01,
    round(bounds.ceiling_gamma, 2) as ceiling_gamma_05,
    round(bounds.ceiling_gamma_01, 2) as ceiling_gamma_01,
    bounds.largest_gamma_of_one_sign,
    bounds.status,
    bounds.status_reason
from bounds
inner join primary_outcomes
    using (outcome)
order by bounds.sample, primary_outcomes.outcome_order, bounds.method
