{{ config(materialized='view') }}
-- The covariates a study names, one row per case: the value that enters means and models, and
-- the bin that enters strata. A category is 1 where the case has it and 0 elsewhere, so that a
-- missing or unknown code counts as "other"; of levels each whole value is a bin of its own.
with
covariates as (select * from {{ ref('study_covariates') }}),
attributes as (select * from {{ ref('int_case_attributes') }}),
studies as (select * from {{ ref('int_studies') }}),
bins as (select * from {{ ref('study_covariate_bins') }}),

valued as (
    select
        attributes.study_id,
        studies.base_study_id,
        attributes.la_code,
        attributes.case_id,
        attributes.is_eligible,
        covariates.covariate,
        covariates.kind,
        case
            when covariates.kind = 'number' then attributes.number_value
            when covariates.kind = 'levels' then attributes.whole_value
            when lower(attributes.text_value) = lower(covariates.category) then 1.0
            else 0.0
        end as value,
        case
            when studies.age_bin_mode = 'completed_years' then attributes.whole_value
            else attributes.number_value
        end as binned_value,
        attributes.text_value
    from attributes
    inner join studies using (study_id, la_code)
    inner join covariates
        on
            studies.base_study_id = covariates.study_id
            and attributes.attribute = covariates.attribute
),

binned as (
    select
        valued.study_id,
        valued.la_code,
        valued.case_id,
        valued.is_eligible,
        valued.covariate,
        valued.value,
        case
            when valued.kind = 'category' then cast(cast(valued.value as integer) as string)
            when valued.kind = 'exact' then valued.text_value
            when valued.kind = 'levels' then cast(cast(valued.value as integer) as string)
            else bins.bin
        end as bin
    from valued
    left join bins
        on
            valued.base_study_id = bins.study_id
            and valued.covariate = bins.covariate
            and valued.binned_value >= coalesce(bins.lower_bound, valued.binned_value)
            and valued.binned_value < coalesce(bins.upper_bound, valued.binned_value + 1)
)

select * from binned
