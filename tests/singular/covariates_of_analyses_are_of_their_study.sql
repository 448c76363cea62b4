-- A covariate that the study doesn't name would stop the build with every analysis unfitted.
with
named as (
    select
        study_id,
        analysis_id,
        {{ each_of('covariates') }} as element
    from {{ ref('study_analyses') }}
),

covariates as (select * from {{ ref('study_covariates') }})

select
    named.study_id,
    named.analysis_id,
    named.element
from named
left join covariates
    on
        named.study_id = covariates.study_id
        and replace(named.element, 'treated:', '') = covariates.covariate
where named.element not in ('none', 'matching') and covariates.covariate is null
