-- One row per pupil, school year, term and school: the absences that were loaded.
with
records as (select * from {{ ref('std_school_absence_records') }})

select
    la_code,
    child_id,
    school_year,
    term,
    school_id,
    sessions_possible,
    sessions_absent
from records
where fate = 'loaded'
