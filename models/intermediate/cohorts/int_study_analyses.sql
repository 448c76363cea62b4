-- The analyses of each study with its default survival clock and a hash of every parameter that
-- shapes them.
with
analyses as (select * from {{ ref('study_analyses') }}),
studies as (select * from {{ ref('int_studies') }}),

covariates as (
    select
        study_id,
        {{ ordered_list(
            "concat_ws('=', covariate, attribute, kind, category, in_strata, in_balance, in_adjustment)",
            'covariate_order'
        ) }} as covariates_text
    from {{ ref('study_covariates') }}
    group by study_id
),

bins as (
    select
        study_id,
        {{ ordered_list(
            "concat_ws('=', covariate, bin, coalesce(lower_bound, -1), coalesce(upper_bound, -1))",
            "concat_ws('=', covariate, bin)"
        ) }} as bins_text
    from {{ ref('study_covariate_bins') }}
    group by study_id
)

select
    analyses.study_id,
    analyses.analysis_id,
    analyses.outcome,
    analyses.sample,
    analyses.estimator,
    analyses.covariates,
    analyses.se_type,
    coalesce(analyses.clock, studies.survival_origin) as clock,
    analyses.is_primary,
    md5(concat_ws(
        '|', studies.definition_hash, covariates.covariates_text, bins.bins_text, analyses.outcome,
        outcomes.unit, outcomes.kind, analyses.sample, analyses.estimator, analyses.covariates,
        analyses.se_type, coalesce(analyses.clock, studies.survival_origin)
    )) as parameter_hash
from analyses
inner join studies using (study_id)
inner join {{ ref('study_outcomes') }} as outcomes using (study_id, outcome)
left join covariates using (study_id)
left join bins using (study_id)
