-- Every effect beside the study's main one on the same outcome: the estimate of its primary
-- analysis as the study is set. A restricted mean is another quantity, the effect where the x of
-- an interaction is 0 another question and an earlier cut of the data no choice, so none is
-- among them. Two agree when they point the same way and are on the same side of 5 %.
with
fitted as (
    select * from {{ ref('py_effect_estimates') }}
    where term = 'treated' and estimator != 'rmst' and covariates not like '%treated:%'
),

analyses as (
    select * from {{ ref('int_study_analyses') }}
    where data_cut is null
),

described as (
    select
        analyses.base_study_id as study_id,
        analyses.reading,
        analyses.in_curve,
        analyses.analysis_id,
        analyses.outcome,
        analyses.sample,
        analyses.subgroup,
        analyses.estimator,
        analyses.covariates,
        analyses.se_type,
        fitted.is_primary,
        fitted.estimate,
        fitted.unit,
        fitted.std_error,
        fitted.ci_low,
        fitted.ci_high,
        fitted.p_value,
        fitted.n_treated,
        fitted.n_comparator,
        fitted.ess_comparator,
        fitted.status,
        fitted.status_reason
    from fitted
    inner join analyses using (study_id, analysis_id)
),

main as (
    select * from described
    where is_primary
)

select
    described.*,
    main.analysis_id as main_analysis_id,
    main.estimate as main_estimate,
    described.estimate - main.estimate as difference,
    sign({{ rounded('described.estimate', 12) }}) = sign({{ rounded('main.estimate', 12) }})
        as agrees_in_sign,
    (described.p_value < 0.05) = (main.p_value < 0.05) as agrees_in_significance
from described
inner join main using (study_id, outcome, unit)
