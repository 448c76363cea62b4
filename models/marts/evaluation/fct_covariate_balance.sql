-- How alike the arms are on each covariate, before and after matching. Lead with the
-- standardised difference: a p-value also rises when matching merely makes the sample smaller.
with balance as (
    select * from {{ ref('py_covariate_balance') }}
),

covariates as (
    select * from {{ ref('study_covariates') }}
)

select
    balance.study_id,
    balance.method,
    balance.covariate,
    covariates.label,
    covariates.covariate_order,
    cast(mean_treated as double) as mean_treated,
    cast(mean_comparator as double) as mean_comparator,
    cast(smd as double) as smd,
    cast(variance_ratio as double) as variance_ratio,
    cast(p_value as double) as p_value,
    cast(ess_comparator as double) as ess_comparator
from balance
inner join covariates
    using (study_id, covariate)
