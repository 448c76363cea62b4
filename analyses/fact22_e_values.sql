-- Not in the FACT22 report: how strongly, as a risk ratio, an unmeasured cause would have to go
-- with both treatment and outcome to explain each result away, primary analyses first.
with evalues as (
    select * from {{ ref('fct_evalues') }}
    where study_id = 'fact22'
),

effects as (
    select * from {{ ref('fct_effect_estimates') }}
    where study_id = 'fact22' and term = 'treated'
)

select
    effects.is_primary,
    evalues.outcome,
    evalues.analysis_id,
    effects.sample,
    effects.estimator,
    evalues.scale,
    round(evalues.risk_ratio, 3) as risk_ratio,
    round(evalues.ci_low, 3) as ci_low,
    round(evalues.ci_high, 3) as ci_high,
    round(evalues.evalue, 2) as e_value,
    round(evalues.evalue_of_interval, 2) as e_value_of_interval,
    evalues.status,
    evalues.status_reason
from evalues
inner join effects
    using (analysis_id)
order by effects.is_primary desc, evalues.outcome asc, evalues.analysis_id asc
