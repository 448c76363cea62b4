-- The collection years in which each code was in use (`code_sets`), from 1980 to 2079, and one row
-- without a year for an event without a date.
with
codes as (select * from {{ ref('code_sets') }}),

digits as (
    {% for digit in range(10) -%}
    select {{ digit }} as digit
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

years as (
    select 1980 + 10 * tens.digit + ones.digit as collection_year
    from digits as tens
    cross join digits as ones
    union all
    select cast(null as integer) as collection_year
)

select distinct
    codes.code_set,
    codes.code,
    cast(years.collection_year as integer) as collection_year
from codes
cross join years
where
    years.collection_year is null
    or years.collection_year
    between coalesce(codes.valid_from_year, 1980) and coalesce(codes.valid_to_year, 2079)
