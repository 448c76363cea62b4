-- What a week or an event of social care costs each study in the prices of its base year, for
-- either age band.
with
windows as (select * from {{ ref('int_cost_windows') }}),
unit_costs as (select * from {{ ref('unit_costs') }}),

price_index as (
    select
        extract(year from period_start_date) as price_year,
        index_value,
        is_illustrative
    from {{ ref('cpih') }}
    where frequency = 'year'
),

bands as (
    select 'under_6' as age_band
    union all
    select '6_and_over' as age_band
)

select
    windows.study_id,
    bands.age_band,
    unit_costs.component,
    unit_costs.unit,
    unit_costs.amount_gbp * of_base.index_value / of_price.index_value as unit_cost_gbp,
    coalesce(
        unit_costs.is_illustrative or of_base.is_illustrative or of_price.is_illustrative, true
    ) as is_illustrative
from windows
cross join bands
inner join unit_costs
    on unit_costs.age_band in (bands.age_band, 'all')
left join price_index as of_base
    on windows.price_base_year = of_base.price_year
left join price_index as of_price
    on unit_costs.price_year = of_price.price_year
