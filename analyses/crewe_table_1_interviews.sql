-- Project Crewe report, table 1: who was interviewed and how often, by kind of participant. The
-- report tells families and leaders of the programme from those of the authority, as here.
select
    participant_type,
    organisation,
    n_participants,
    n_interviews
from {{ ref('fct_interviews') }}
where
    study_id = 'crewe'
    and topic = 'all'
    and (organisation != 'all' or participant_type = 'all')
    and (participant_type != 'all' or organisation = 'all')
order by
    case participant_type when 'all' then 1 else 0 end asc,
    participant_type asc,
    organisation desc
