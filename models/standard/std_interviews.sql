-- One row per participant and day of an interview: the interviews that were loaded.
with
records as (select * from {{ ref('std_interview_records') }})

select
    la_code,
    programme_id,
    participant_id,
    participant_type,
    organisation,
    interview_date,
    case_number,
    case_outcome,
    topic
from records
where fate = 'loaded'
