-- The covariates, bins and subgroups of each study in one text, for the hash that says whether two
-- estimates were made under the same configuration.
with
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
),

subgroups as (
    select
        study_id,
        {{ ordered_list(
            "concat_ws('=', subgroup, attribute, coalesce(lower_bound, -1), coalesce(upper_bound, -1))",
            'subgroup_order'
        ) }} as subgroups_text
    from {{ ref('study_subgroups') }}
    group by study_id
)

select
    covariates.study_id,
    concat_ws('|', covariates.covariates_text, bins.bins_text, subgroups.subgroups_text)
        as configuration_text
from covariates
left join bins using (study_id)
left join subgroups using (study_id)
