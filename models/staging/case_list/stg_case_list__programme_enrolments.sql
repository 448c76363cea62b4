-- One row per record of an enrolment file beside a case list, typed.
with
source as (select * from {{ source('landing', 'case_list__programme_enrolments') }}),

typed as (
    select
        la_code,
        case_id as source_case_id,
        child_id,
        delivery,
        file_name,
        file_key,
        source_row_number,
        record_hash,
        id_flags,
        extract_as_of_date,
        nullif(trim(programme_id), '') as programme_id,
        nullif(trim(arm), '') as arm,
        arm_source,
        {{ typed_date('start_date') }} as start_date,
        {{ typed_date('end_date') }} as end_date,
        {{ unreadable(dates=['start_date', 'end_date']) }} as unreadable_dates
    from source
)

select * from typed
