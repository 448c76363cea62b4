-- Every source record that was refused, with the reason and never a value: by the door when it
-- is no record at all, in the standard layer when a required value is missing or a critical
-- rule is broken.
with refused_at_door as (
    select
        la_code,
        delivery,
        file_name,
        file_key,
        source_row_number,
        holds as table_name,
        reason_code,
        reason,
        cast(null as string) as unreadable_dates
    from {{ ref('stg_landing__refused_rows') }}
),

quarantined as (
    {% for records, holds, unreadable_dates in record_tables() -%}
    select
        la_code,
        delivery,
        file_name,
        file_key,
        source_row_number,
        '{{ holds }}' as table_name,
        quarantine_code as reason_code,
        cast(null as string) as reason,
        cast({{ unreadable_dates }} as string) as unreadable_dates
    from {{ ref(records) }}
    where fate = 'quarantined'
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

refused as (
    select * from refused_at_door
    union all
    select * from quarantined
),

reasons as (select * from {{ ref('quarantine_reasons') }})

select
    refused.la_code,
    refused.delivery,
    refused.file_name,
    refused.file_key,
    refused.source_row_number,
    refused.table_name,
    refused.reason_code,
    case refused.reason_code
        when 'unreadable_date' then refused.unreadable_dates
        else reasons.column_name
    end as column_name,
    coalesce(reasons.meaning, refused.reason) as reason,
    reasons.what_to_do
from refused
left join reasons
    on refused.reason_code = reasons.reason_code
