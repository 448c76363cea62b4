-- The spans of days of which an authority's deliveries tell, for each kind of record: from the
-- start of a delivery's window to the day it is of, spans that touch joined into one. A yearly
-- return is whole from its 1 April (`yearly_returns`). No start is known where no delivery says
-- one.
with
needs as (select distinct holds from {{ ref('monitoring_needs') }}),
yearly as (select * from {{ ref('yearly_returns') }}),

deliveries as (
    select * from {{ ref('int_admitted_deliveries') }}
    where not is_replaced
),

files as (
    select * from {{ ref('fct_load_log') }}
    where status = 'landed'
),

windows as (
    select distinct
        deliveries.la_code,
        needs.holds,
        coalesce(
            deliveries.extract_window_start,
            case
                when yearly.format is not null
                    then {{ year_start(collection_year('deliveries.extract_as_of_date')) }}
            end
        ) as covered_from,
        deliveries.extract_as_of_date as covered_to
    from deliveries
    inner join files
        on deliveries.la_code = files.la_code and deliveries.delivery = files.delivery
    inner join needs
        on files.holds = needs.holds
    left join yearly
        on deliveries.format = yearly.format and needs.holds = yearly.holds
    where
        deliveries.extract_as_of_date is not null
        and (
            yearly.first_year is null
            or yearly.first_year <= {{ collection_year('deliveries.extract_as_of_date') }}
        )
),

reached as (
    select
        *,
        max(covered_to) over (
            partition by la_code, holds, covered_from is null
            order by covered_from, covered_to
            rows between unbounded preceding and 1 preceding
        ) as reached_before
    from windows
),

numbered as (
    select
        *,
        sum(case when {{ days_between('reached_before', 'covered_from') }} <= 1 then 0 else 1 end)
            over (
                partition by la_code, holds, covered_from is null
                order by covered_from, covered_to
                rows between unbounded preceding and current row
            ) as span
    from reached
)

select
    la_code,
    holds,
    min(covered_from) as covered_from,
    max(covered_to) as covered_to
from numbered
group by la_code, holds, covered_from is null, span
