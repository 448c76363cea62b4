{{ config(materialized='view') }}
-- The stratum of a case: its bins on every covariate that the study matches on, in the study's
-- order. A case that lacks one of them has no stratum and can't be matched.
with
studies as (select * from {{ ref('int_studies') }}),
binned as (select * from {{ ref('int_study_covariates') }}),

covariates as (
    select * from {{ ref('study_covariates') }}
    where in_strata
),

strata as (
    select
        binned.study_id,
        binned.la_code,
        binned.case_id,
        binned.is_eligible,
        case
            when count(binned.bin) = count(*)
                then {{ ordered_list('binned.bin', 'covariates.covariate_order') }}
        end as stratum
    from binned
    inner join studies using (study_id, la_code)
    inner join covariates
        on
            studies.base_study_id = covariates.study_id
            and binned.covariate = covariates.covariate
    group by all
)

select * from strata
