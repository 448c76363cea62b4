-- Costed cases, mean use and unit cost of each kind of social care, one row for every study, age
-- band and component, also where there is nothing to fill it with.
with
windows as (select * from {{ ref('int_cost_windows') }}),
components as (select distinct component from {{ ref('unit_costs') }}),
means as (select * from {{ ref('int_service_means') }}),
unit_costs as (select * from {{ ref('int_unit_costs') }}),

bands as (
    select 'under_6' as age_band
    union all
    select '6_and_over' as age_band
),

cases as (
    select
        study_id,
        age_band,
        count(*) as n_cases,
        sum(days_in_programme) as days_in_programme
    from {{ ref('int_costed_cases') }}
    group by
        study_id,
        age_band
)

select
    windows.study_id,
    bands.age_band,
    components.component,
    windows.price_base_year,
    coalesce(cases.n_cases, 0) as n_cases,
    coalesce(cases.days_in_programme, 0) / cast(7 as double) as case_weeks,
    unit_costs.unit,
    means.mean_costed,
    means.mean_treated,
    means.mean_comparator,
    means.mean_without,
    unit_costs.unit_cost_gbp,
    coalesce(unit_costs.is_illustrative, false) as is_illustrative
from windows
cross join bands
cross join components
left join cases
    on windows.study_id = cases.study_id and bands.age_band = cases.age_band
left join means
    on
        windows.study_id = means.study_id
        and bands.age_band = means.age_band
        and components.component = means.component
left join unit_costs
    on
        windows.study_id = unit_costs.study_id
        and bands.age_band = unit_costs.age_band
        and components.component = unit_costs.component
