-- FACT22 report, Table 3 (appendix 2): how alike the arms are before and after matching. Averages
-- for numbers, percentages for categories. Its propensity-score columns are no analysis of this
-- study yet. Read the standardised differences, not the p-values.
with balance as (
    select * from {{ ref('fct_covariate_balance') }}
    where study_id = 'fact22'
),

covariates as (
    select * from {{ ref('study_covariates') }}
    where study_id = 'fact22'
),

scaled as (
    select
        covariates.covariate_order,
        covariates.label,
        balance.method,
        case covariates.kind when 'category' then 100 else 1 end as scale,
        case covariates.kind when 'category' then 1 else 2 end as digits,
        balance.mean_treated,
        balance.mean_comparator,
        balance.smd
    from balance
    inner join covariates
        using (covariate)
),

before_matching as (
    select * from scaled
    where method = 'unmatched'
),

after_matching as (
    select * from scaled
    where method = 'cem_caliper'
)

select
    before_matching.label as characteristic,
    round(before_matching.scale * before_matching.mean_treated, before_matching.digits)
        as before_fact22,
    round(before_matching.scale * before_matching.mean_comparator, before_matching.digits)
        as before_non_fact22,
    round(after_matching.scale * after_matching.mean_treated, after_matching.digits)
        as main_fact22,
    round(after_matching.scale * after_matching.mean_comparator, after_matching.digits)
        as main_non_fact22,
    round(before_matching.smd, 3) as before_smd,
    round(after_matching.smd, 3) as main_smd
from before_matching
inner join after_matching
    using (covariate_order)
order by covariate_order
