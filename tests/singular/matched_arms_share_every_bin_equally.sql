-- Exact matching on bins gives every bin the same weighted share in both arms.
with cases as (
    select * from {{ ref('fct_matched_cases') }}
    where method = 'cem_caliper'
),

bins as (
    select
        covariate_values.study_id,
        covariate_values.la_code,
        covariate_values.case_id,
        covariate_values.covariate,
        covariate_values.bin
    from {{ ref('fct_study_covariates') }} as covariate_values
    inner join {{ ref('study_covariates') }} as covariates
        on
            covariate_values.study_id = covariates.study_id
            and covariate_values.covariate = covariates.covariate
    where covariates.in_strata
),

sizes as (
    select
        study_id,
        sum(weight) filter (where arm = 'treated') as n_treated,
        sum(weight) filter (where arm = 'comparator') as n_comparator
    from cases
    group by study_id
),

shares as (
    select
        bins.study_id,
        bins.covariate,
        bins.bin,
        coalesce(sum(cases.weight) filter (where cases.arm = 'treated'), 0)
        / any_value(sizes.n_treated) as treated_share,
        coalesce(sum(cases.weight) filter (where cases.arm = 'comparator'), 0)
        / any_value(sizes.n_comparator) as comparator_share
    from bins
    inner join cases
        on
            bins.study_id = cases.study_id
            and bins.la_code = cases.la_code
            and bins.case_id = cases.case_id
    inner join sizes
        on bins.study_id = sizes.study_id
    group by all
)

select * from shares
where abs(treated_share - comparator_share) > 1e-9
