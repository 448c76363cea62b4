-- An authority's own figure beside the one DfE published for it. Published percentages have one
-- decimal, so the own one may be half a tenth away; counts must be equal.
with
own as (select * from {{ ref('fct_monitoring') }}),

printed as (
    select * from {{ ref('fct_published_statistics') }}
    where la_code is not null
),

authorities as (select distinct la_code from own),

compared as (
    select distinct
        measure,
        breakdown,
        level,
        statistic
    from {{ ref('published_columns') }}
),

own_figures as (
    select
        own.la_code,
        own.year,
        own.measure,
        own.breakdown,
        own.level,
        compared.statistic,
        own.status_reason,
        case compared.statistic
            when 'count' then cast(own.n as double)
            when 'percent' then 100 * own.value
        end as own
    from own
    inner join compared using (measure, breakdown, level)
),

published_figures as (
    select printed.* from printed
    inner join authorities using (la_code)
),

beside as (
    select
        coalesce(own_figures.la_code, published_figures.la_code) as la_code,
        coalesce(own_figures.year, published_figures.year) as year,
        coalesce(own_figures.measure, published_figures.measure) as measure,
        coalesce(own_figures.breakdown, published_figures.breakdown) as breakdown,
        coalesce(own_figures.level, published_figures.level) as level,
        coalesce(own_figures.statistic, published_figures.statistic) as statistic,
        own_figures.own,
        published_figures.value as published,
        own_figures.own - published_figures.value as difference,
        own_figures.la_code is null as is_own_year_missing,
        own_figures.status_reason as own_reason,
        published_figures.status as published_status,
        published_figures.status_reason as published_reason
    from own_figures
    full outer join published_figures
        on
            own_figures.la_code = published_figures.la_code
            and own_figures.year = published_figures.year
            and own_figures.measure = published_figures.measure
            and own_figures.breakdown = published_figures.breakdown
            and own_figures.level = published_figures.level
            and own_figures.statistic = published_figures.statistic
)

select
    la_code,
    year,
    measure,
    breakdown,
    level,
    statistic,
    own,
    published,
    difference,
    case
        when own is null then 'own_incomplete'
        when published_status is null then 'not_published'
        when published is null then published_status
        when statistic = 'count' and difference = 0 then 'agrees'
        when statistic = 'percent' and abs(difference) <= 0.05 + 1e-9 then 'agrees'
        else 'differs'
    end as verdict,
    case
        when is_own_year_missing then 'the extracts tell nothing of the year'
        when own is null then coalesce(own_reason, 'nobody to take a share of')
        when published_status is null then 'in no published file of this folder'
        when published is null then published_reason
    end as reason
from beside
