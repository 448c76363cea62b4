-- Who was interviewed how often (Project Crewe, Table 1, and appendix 1): by topic, kind of
-- participant and organisation, each and all. A study without interviews has a row that says so.
with
studies as (select * from {{ ref('studies') }}),
interviews as (select * from {{ ref('int_study_interviews') }}),

counted as (
    select
        study_id,
        coalesce(topic, 'all') as topic,
        coalesce(participant_type, 'all') as participant_type,
        coalesce(organisation, 'all') as organisation,
        count(distinct participant_id) as n_participants,
        count(*) as n_interviews
    from interviews
    group by study_id, cube(topic, participant_type, organisation)
)

select
    studies.study_id,
    coalesce(counted.topic, 'all') as topic,
    coalesce(counted.participant_type, 'all') as participant_type,
    coalesce(counted.organisation, 'all') as organisation,
    coalesce(counted.n_participants, 0) as n_participants,
    coalesce(counted.n_interviews, 0) as n_interviews,
    case when counted.study_id is null then 'not_estimable' else 'ok' end as status,
    case when counted.study_id is null then 'no_interviews: no interview is listed' end
        as status_reason
from studies
left join counted
    on studies.study_id = counted.study_id
