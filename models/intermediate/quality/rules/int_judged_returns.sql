-- The deliveries whose records are judged: those that no newer submission replaces. A census return
-- covers a financial year; what period another delivery covers is known if it says so, and rules
-- about the period are only meant for one of a year at most.
with
deliveries as (select * from {{ ref('std_deliveries') }})

select
    la_code,
    delivery,
    format,
    extract_as_of_date as reference_date,
    {{ collection_year('extract_as_of_date') }} as collection_year,
    case
        when extract_window_start > {{ add_months('extract_as_of_date', -12) }}
            then extract_window_start
        when format = 'cin_census' and extract_window_start is null then
            cast(
                {{ dbt.dateadd('day', 1, add_months('extract_as_of_date', -12)) }} as date
            )
    end as period_start
from deliveries
where not is_replaced
