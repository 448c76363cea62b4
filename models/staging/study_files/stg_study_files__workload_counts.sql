-- One row per record of counted visits or cases, typed.
with
source as (select * from {{ source('landing', 'study_files__workload_counts') }}),

typed as (
    select
        {{ landed_columns() }},
        {{ stated('programme_id') }} as programme_id,
        respondent_id,
        organisation,
        measure,
        {{ typed_date('counted_date') }} as counted_date,
        {{ try_whole_number('n_counted') }} as n_counted,
        {{ unreadable(dates=['counted_date']) }} as unreadable_dates,
        record_hash
    from source
)

select * from typed
