-- One row per estimate: what the programme changed, how sure one can be, and on how many cases
-- it rests. Where the data can't carry an estimate, status says not_estimable and status_reason
-- why.
with fitted as (
    select * from {{ ref('py_effect_estimates') }}
),

analyses as (
    select * from {{ ref('int_study_analyses') }}
)

select
    fitted.study_id,
    fitted.analysis_id,
    fitted.is_primary,
    fitted.outcome,
    fitted.sample,
    fitted.estimator,
    fitted.covariates,
    fitted.term,
    cast(fitted.estimate as double) as estimate,
    fitted.unit,
    cast(fitted.std_error as double) as std_error,
    fitted.se_type,
    cast(fitted.df as double) as df,
    cast(fitted.ci_low as double) as ci_low,
    cast(fitted.ci_high as double) as ci_high,
    cast(fitted.p_value as double) as p_value,
    cast(fitted.p_adjusted as double) as p_adjusted,
    cast(fitted.stars as varchar) as stars,
    cast(fitted.n_treated as bigint) as n_treated,
    cast(fitted.n_comparator as bigint) as n_comparator,
    cast(fitted.ess_comparator as double) as ess_comparator,
    cast(fitted.n_clusters as bigint) as n_clusters,
    fitted.status,
    cast(fitted.status_reason as varchar) as status_reason,
    analyses.parameter_hash
from fitted
inner join analyses
    on fitted.study_id = analyses.study_id and fitted.analysis_id = analyses.analysis_id
