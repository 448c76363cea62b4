-- One row per record of a survey of staff stress, one score and one reason each, typed.
with
source as (select * from {{ source('landing', 'study_files__staff_stress') }}),

typed as (
    select
        {{ landed_columns() }},
        {{ stated('programme_id') }} as programme_id,
        respondent_id,
        organisation,
        {{ stated('role') }} as role,
        {{ typed_date('survey_date') }} as survey_date,
        {{ try_number('stress_score', 'double') }} as stress_score,
        {{ stated('stress_score') }} is not null as is_score_given,
        lower(main_factor) as main_factor,
        {{ unreadable(dates=['survey_date']) }} as unreadable_dates,
        record_hash
    from source
)

select * from typed
