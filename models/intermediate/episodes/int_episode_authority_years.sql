-- The financial years of which an authority's deliveries tell anything, by the year of their 31
-- March, from the first day covered to the newest delivery's day.
with
coverage as (select * from {{ ref('int_episode_coverage') }}),
years as (select distinct collection_year from {{ ref('std_code_years') }}),

told as (
    select
        la_code,
        {{ collection_year('min(coalesce(covered_from, covered_to))') }} as first_year,
        {{ collection_year('max(covered_to)') }} as last_year
    from coverage
    group by la_code
)

select
    told.la_code,
    years.collection_year as year,
    {{ year_start('years.collection_year') }} as year_start,
    {{ year_end('years.collection_year') }} as year_end
from told
inner join years
    on years.collection_year between told.first_year and told.last_year
