-- A month mistyped in cpih would move every cost of that month: the twelve months of a year average
-- to its printed mean, up to the rounding of both.
with
price_index as (select * from {{ ref('cpih') }}),

months as (
    select
        extract(year from period_start_date) as index_year,
        count(*) as n_months,
        avg(index_value) as mean_index
    from price_index
    where frequency = 'month'
    group by extract(year from period_start_date)
)

select
    months.index_year,
    months.mean_index,
    price_index.index_value
from months
inner join price_index
    on
        months.index_year = extract(year from price_index.period_start_date)
        and price_index.frequency = 'year'
where months.n_months = 12 and abs(months.mean_index - price_index.index_value) > 0.1
