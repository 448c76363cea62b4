{%- set returns = "format in ('cin_census', 'ssd', 'ssda903', 'annex_a', 'records')" -%}
-- One row per delivery that landed. A return is whole: its newest submission (by number, then by
-- the folder's name) replaces all earlier ones of the same authority, format and reference date.
-- A case list or a study file may come in parts, so only a higher submission number replaces one.
with
files as (
    select * from {{ ref('stg_landing__load_log') }}
    where status = 'landed'
),

deliveries as (
    select
        la_code,
        delivery,
        format,
        extract_as_of_date,
        extract_window_start,
        max(submission) as submission
    from files
    group by all
)

select
    *,
    case
        when {{ returns }}
            then row_number() over (
                partition by la_code, format, extract_as_of_date
                order by submission desc, delivery desc
            ) > 1
        else submission < max(submission) over (partition by la_code, format, extract_as_of_date)
    end as is_replaced
from deliveries
