-- Project Crewe report, appendix 6: the models of closing. Robust errors as printed (hc1) beside
-- those that let children of a family be alike (cluster_family, cluster_cr2_family), logit as the
-- check, and the effect by history: in families without (treated), how much more it is in those
-- with (treated:history: the report's 12), and in those with (treated_if_history: its 20).
select
    analysis_id,
    estimator,
    se_type,
    covariates,
    term,
    case unit when 'proportion' then 'percentage points' else unit end as unit,
    round(case unit when 'proportion' then 100 * estimate else estimate end, 2) as estimate,
    round(case unit when 'proportion' then 100 * std_error else std_error end, 2) as std_error,
    round(case unit when 'proportion' then 100 * ci_low else ci_low end, 2) as ci_low,
    round(case unit when 'proportion' then 100 * ci_high else ci_high end, 2) as ci_high,
    round(p_value, 3) as p_value,
    n_treated,
    n_comparator,
    n_clusters,
    status,
    status_reason
from {{ ref('fct_effect_estimates') }}
where
    study_id = 'crewe'
    and outcome in ('closed_without_rereferral', 'closed_recorded')
    and term like 'treated%'
    and term not like '%_mean%'
order by
    analysis_id,
    term
