-- One row per child, kind and day on which a return says it escalated: a child protection plan of
-- this authority (cp) or a period of care (lac) started. Short breaks (legal status V3 or V4) are
-- planned respite and no escalation: a period counts from its first episode that is none.
with
periods as (select * from {{ ref('std_care_periods') }}),

episodes as (
    select * from {{ ref('std_care_episodes') }}
    where coalesce(legal_status_code not in ('V3', 'V4'), true)
)

select distinct
    la_code,
    child_id,
    'cp' as escalation_type,
    start_date as escalation_date,
    end_date
from {{ ref('std_cp_plans') }}
where coalesce(not is_other_authority, true)
union all
select
    periods.la_code,
    periods.child_id,
    'lac' as escalation_type,
    min(episodes.start_date) as escalation_date,
    periods.end_date
from periods
inner join episodes
    on
        periods.la_code = episodes.la_code
        and periods.child_id = episodes.child_id
        and periods.start_date <= episodes.start_date
        and (
            periods.start_date = episodes.start_date
            or coalesce(periods.end_date > episodes.start_date, true)
        )
group by periods.la_code, periods.child_id, periods.start_date, periods.end_date
