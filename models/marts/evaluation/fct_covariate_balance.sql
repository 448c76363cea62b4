-- How alike the arms are on each covariate, before and after matching. Lead with the
-- standardised difference: a p-value also rises when matching merely makes the sample smaller.
with
balance as (select * from {{ ref('py_covariate_balance') }}),
covariates as (select * from {{ ref('study_covariates') }})

select
    balance.*,
    covariates.label,
    covariates.covariate_order
from balance
inner join covariates using (study_id, covariate)
