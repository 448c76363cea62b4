-- One row per child, kind and day on which a return says it escalated: a child protection plan of
-- this authority (cp) or a period of care (lac) started.
select distinct
    la_code,
    child_id,
    'cp' as escalation_type,
    start_date as escalation_date
from {{ ref('std_cp_plans') }}
where coalesce(not is_other_authority, true)
union all
select
    la_code,
    child_id,
    'lac' as escalation_type,
    start_date as escalation_date
from {{ ref('std_care_periods') }}
