-- One row per record of a staff survey, item by item, typed.
with
source as (select * from {{ source('landing', 'study_files__staff_survey') }}),

typed as (
    select
        la_code,
        {{ stated('programme_id') }} as programme_id,
        respondent_id,
        delivery,
        file_name,
        file_key,
        source_row_number,
        record_hash,
        id_flags,
        extract_as_of_date,
        organisation,
        {{ stated('role') }} as role,
        {{ try_whole_number('item_number') }} as item_number,
        {{ try_whole_number('score') }} as score,
        {{ typed_date('survey_date') }} as survey_date,
        {{ unreadable(dates=['survey_date']) }} as unreadable_dates
    from source
)

select * from typed
