-- Every other way in which a primary question was asked, beside the main result: with covariates,
-- by another estimator, sample or standard error, and under each reading of the rules. Subgroups
-- ask another question and aren't here.
with
compared as (
    select * from {{ ref('int_compared_estimates') }}
    where
        not is_primary
        and subgroup is null
        and (reading = 'main' or analysis_id = main_analysis_id)
),

main as (
    select * from {{ ref('study_analyses') }}
    where is_primary
),

varied as (
    select
        compared.*,
        nullif(concat_ws(
            ', ',
            case when compared.reading != 'main' then 'reading' end,
            case when compared.sample != main.sample then 'sample' end,
            case when compared.estimator != main.estimator then 'estimator' end,
            case when compared.covariates != main.covariates then 'covariates' end,
            case when compared.se_type != main.se_type then 'standard error' end
        ), '') as varied
    from compared
    inner join main
        on compared.study_id = main.study_id and compared.main_analysis_id = main.analysis_id
)

select
    study_id,
    outcome,
    varied,
    reading,
    analysis_id,
    sample,
    estimator,
    covariates,
    se_type,
    estimate,
    unit,
    std_error,
    ci_low,
    ci_high,
    p_value,
    n_treated,
    n_comparator,
    ess_comparator,
    status,
    status_reason,
    main_analysis_id,
    main_estimate,
    difference,
    agrees_in_sign,
    agrees_in_significance,
    agrees_in_sign and agrees_in_significance as agrees
from varied
