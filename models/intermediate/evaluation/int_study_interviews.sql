-- The interviews of each study, with what a file leaves out called not stated.
with
studies as (select * from {{ ref('int_study_authorities') }}),
interviews as (select * from {{ ref('int_admitted_interviews') }})

select
    studies.study_id,
    interviews.participant_id,
    interviews.participant_type,
    coalesce(interviews.organisation, 'not_stated') as organisation,
    interviews.interview_date,
    interviews.case_number,
    coalesce(interviews.case_outcome, 'not_stated') as case_outcome,
    coalesce(interviews.topic, 'not_stated') as topic
from studies
inner join interviews on {{ is_of_study('interviews') }}
