-- One row per record of a pupil's absence in a term, typed. What is compared between records is the
-- sessions alone, however they are written.
with
source as (select * from {{ source('landing', 'study_files__school_absences') }}),

typed as (
    select
        {{ landed_columns() }},
        child_id,
        {{ try_school_year('school_year') }} as school_year,
        term,
        school_id,
        {{ try_whole_number('sessions_possible') }} as sessions_possible,
        {{ try_whole_number('sessions_absent') }} as sessions_absent,
        {{ stated('sessions_possible') }} is not null as is_possible_given
    from source
),

hashed as (
    select
        *,
        md5(concat_ws('|', coalesce(cast(sessions_possible as string), ''), sessions_absent))
            as record_hash
    from typed
)

select * from hashed
