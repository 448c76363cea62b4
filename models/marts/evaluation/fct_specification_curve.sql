-- The same question under every reading of the rules that the report leaves open, by every
-- estimator and standard error of the curve (`in_curve` of `study_analyses`): how far the answer
-- hangs on choices.
with
compared as (
    select * from {{ ref('int_compared_estimates') }}
    where in_curve
)

select
    study_id,
    outcome,
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
    agrees_in_significance
from compared
