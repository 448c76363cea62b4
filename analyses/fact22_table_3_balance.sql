-- FACT22 report, Table 3 (appendix 2): how alike the arms are before matching, in the main analysis
-- and by propensity scores. Averages for numbers, percentages for categories, stars of the study's
-- balance_test at 1 and 5 %. Lead with the standardised differences: a p-value also rises when
-- matching merely makes the sample smaller. ess: effective numbers of comparators.
with balance as (
    select * from {{ ref('fct_covariate_balance') }}
    where study_id = 'fact22'
),

covariates as (
    select
        covariate,
        kind = 'category' as is_share
    from {{ ref('study_covariates') }}
    where study_id = 'fact22'
),

printed as (
    select
        balance.covariate_order,
        balance.label,
        balance.method,
        balance.smd,
        balance.ess_comparator,
        balance.stars,
        case
            when covariates.is_share
                then cast(cast(100 * balance.mean_treated as decimal(9, 1)) as varchar) || '%'
            else cast(cast(balance.mean_treated as decimal(9, 2)) as varchar)
        end as treated,
        case
            when covariates.is_share
                then cast(cast(100 * balance.mean_comparator as decimal(9, 1)) as varchar) || '%'
            else cast(cast(balance.mean_comparator as decimal(9, 2)) as varchar)
        end as comparator
    from balance
    inner join covariates
        using (covariate)
)

select
    label as characteristic,
    max(treated || stars) filter (where method = 'unmatched') as before_fact22,
    max(comparator) filter (where method = 'unmatched') as before_non_fact22,
    max(treated || stars) filter (where method = 'cem_caliper') as main_fact22,
    max(comparator) filter (where method = 'cem_caliper') as main_non_fact22,
    max(treated || stars) filter (where method = 'psm_3nn') as psm_fact22,
    max(comparator) filter (where method = 'psm_3nn') as psm_non_fact22,
    round(max(smd) filter (where method = 'unmatched'), 3) as before_smd,
    round(max(smd) filter (where method = 'cem_caliper'), 3) as main_smd,
    round(max(smd) filter (where method = 'psm_3nn'), 3) as psm_smd,
    round(max(ess_comparator) filter (where method = 'unmatched'), 1) as before_ess_non_fact22,
    round(max(ess_comparator) filter (where method = 'cem_caliper'), 1) as main_ess_non_fact22,
    round(max(ess_comparator) filter (where method = 'psm_3nn'), 1) as psm_ess_non_fact22
from printed
group by covariate_order, label
order by covariate_order
