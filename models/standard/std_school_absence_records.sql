-- Every record of a pupil's absence and what becomes of it. A session is half a day, so any whole
-- number can be missed, but none below nought and no more than there were. A pupil of two schools
-- in one term has a record for each.
with
absences as (select * from {{ ref('stg_study_files__school_absences') }}),

judged as (
    select
        *,
        concat_ws('|', child_id, school_year, term, school_id) as record_key,
        case
            when id_flags is not null then id_flags
            when school_year is null then 'school_year_unreadable'
            when coalesce(term, '') not in ('autumn', 'spring', 'summer') then 'term_unknown'
            when sessions_absent is null or (sessions_possible is null and is_possible_given)
                then 'sessions_unreadable'
            when sessions_absent < 0 or sessions_absent > sessions_possible
                then 'sessions_implausible'
        end as problem_code
    from absences
),

{{ record_fates('judged') }}

select
    la_code,
    child_id,
    school_year,
    term,
    school_id,
    sessions_possible,
    sessions_absent,
    {{ fate_columns() }}
from fated
