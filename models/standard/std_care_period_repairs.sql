-- One row per repair that a chain of care episodes needed: where it stands and what was done.
with
episodes as (select * from {{ ref('std_care_episodes') }}),

repairs as (
    select
        la_code,
        child_id,
        start_date,
        start_repair as repair,
        file_key,
        source_row_number
    from episodes
    where start_repair is not null
    union all
    select
        la_code,
        child_id,
        start_date,
        end_repair as repair,
        file_key,
        source_row_number
    from episodes
    where end_repair is not null
)

select * from repairs
