-- The covariates a study names, one row per case: the value that enters means and models, and the
-- bin that enters strata.
with
covariate_values as (select * from {{ ref('int_study_covariates') }}),
studies as (select study_id from {{ ref('studies') }})

select
    covariate_values.study_id,
    covariate_values.la_code,
    covariate_values.case_id,
    covariate_values.covariate,
    covariate_values.value,
    covariate_values.bin
from covariate_values
inner join studies using (study_id)
