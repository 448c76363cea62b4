-- Every cell of the published tables, typed: the year is that of its 31 March (202324 is 2024), the
-- table is known by the start of its file's name.
with
source as (select * from {{ source('official_statistics', 'official_statistics') }}),

typed as (
    select
        lower(split_part(split_part(file_name, '.', 1), '_', 1)) as published_table,
        file_name,
        source_row_number,
        case
            when length(time_period) = 6
                then {{ try_whole_number('substring(time_period, 1, 4)') }} + 1
            else {{ try_whole_number('time_period') }}
        end as year,
        lower(replace({{ trimmed('geographic_level') }}, ' ', '_')) as geographic_level,
        country_code,
        region_code,
        old_la_code,
        {{ trimmed('column_name') }} as column_name,
        {{ trimmed('text') }} as text,
        {{ try_number("replace(text, ',', '')", 'double') }} as value
    from source
),

placed as (
    select
        *,
        case when geographic_level = 'local_authority' then {{ stated('old_la_code') }} end
            as la_code,
        max(year) over (partition by file_name) as last_year
    from typed
)

select
    published_table,
    file_name,
    source_row_number,
    year,
    last_year,
    geographic_level,
    case geographic_level
        when 'local_authority' then la_code
        when 'regional' then region_code
        else country_code
    end as area_code,
    la_code,
    column_name,
    text,
    value
from placed
where year is not null
