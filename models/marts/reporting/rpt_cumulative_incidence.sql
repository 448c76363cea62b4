-- The share of cases that closed without a later escalation, and the share that escalated, in steps
-- wide enough for release.
with
curves as (
    select * from {{ ref('int_release_curves') }}
    where curve != 'survival'
),

profiles as (select * from {{ ref('int_release_profile') }})

select
    curves.study_id,
    curves.sample,
    curves.clock,
    curves.curve as cause,
    curves.arm,
    curves.time_days,
    curves.n,
    curves.n_at_risk,
    curves.n_event,
    curves.value as incidence,
    curves.ci_low,
    curves.ci_high,
    curves.status,
    curves.disclosure_reason as status_reason,
    {{ release_tail('curves.disclosure', 'curves.disclosure_reason') }}
from curves
cross join profiles
