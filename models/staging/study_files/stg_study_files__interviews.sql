-- One row per record of a list of interviews, typed: who was interviewed when, never what was said.
with
source as (select * from {{ source('landing', 'study_files__interviews') }}),

typed as (
    select
        {{ landed_columns() }},
        {{ stated('programme_id') }} as programme_id,
        participant_id,
        {{ stated('participant_type') }} as participant_type,
        organisation,
        {{ typed_date('interview_date') }} as interview_date,
        {{ stated('case_number') }} as case_number,
        {{ stated('case_outcome') }} as case_outcome,
        topic,
        {{ unreadable(dates=['interview_date']) }} as unreadable_dates,
        record_hash
    from source
)

select * from typed
