-- How the eligible treated cases that a method matched differ from those it lost. What is estimated
-- on a matched sample is the effect on the matched treated; it is that on all of them only where
-- the two are alike.
with
losses as (select * from {{ ref('py_matching_losses') }}),
covariates as (select * from {{ ref('study_covariates') }})

select
    losses.*,
    covariates.label,
    covariates.covariate_order
from losses
inner join covariates using (study_id, covariate)
