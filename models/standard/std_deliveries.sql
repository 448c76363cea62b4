{%- set returns = "format in ('cin_census', 'ssd', 'ssda903', 'annex_a', 'records')" -%}
-- One row per delivery that landed. A return is whole: its newest submission (by number, then by
-- the folder's name) replaces earlier ones of the same authority, format and reference date, unless
-- they hold other kinds of records and so are other parts of it. A case list or a study file may
-- come in parts, so only a higher submission number replaces one.
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
),

kinds as (
    select distinct
        deliveries.*,
        files.holds
    from deliveries
    inner join files using (la_code, delivery)
),

replaced as (
    select distinct
        older.la_code,
        older.delivery
    from kinds as older
    inner join kinds as newer
        on
            older.la_code = newer.la_code
            and older.format = newer.format
            and older.extract_as_of_date = newer.extract_as_of_date
            and older.delivery != newer.delivery
            and (
                older.submission < newer.submission
                or (
                    older.submission = newer.submission
                    and older.delivery < newer.delivery
                    and older.holds = newer.holds
                    and {{ returns | replace('format', 'older.format') }}
                )
            )
)

select
    deliveries.*,
    replaced.delivery is not null as is_replaced
from deliveries
left join replaced using (la_code, delivery)
