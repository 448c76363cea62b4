-- FACT22 report, appendix 4: does a primary result hold with covariates and with a logistic model?
-- One row per estimate of the treated cases' effect. A row that can't be estimated says why.
with effects as (
    select * from {{ ref('fct_effect_estimates') }}
    where study_id = 'fact22' and term = 'treated'
),

primary_outcomes as (
    select * from {{ ref('study_outcomes') }}
    where study_id = 'fact22' and is_primary
)

select
    effects.outcome,
    effects.estimator,
    effects.covariates,
    effects.unit,
    case effects.unit when 'proportion' then round(100 * effects.estimate, 1) end as effect_pp,
    case effects.unit when 'weeks' then round(effects.estimate, 1) end as effect_weeks,
    case
        when effects.unit = 'log_hazard_ratio' then round(exp(effects.estimate), 2)
    end as hazard_ratio,
    effects.p_value,
    effects.status,
    effects.status_reason
from effects
inner join primary_outcomes
    using (outcome)
order by
    primary_outcomes.outcome_order asc, effects.estimator desc, effects.covariates desc
