-- What followed each closure, for as long as it was watched, beyond the study's end too: the first
-- re-referral after it and the first escalation from it on (`later_escalation_inclusive`), in
-- studies that ask what follows a closure. Both reports ask for longer follow-up than they had
-- (Project Crewe report, "Implications for evaluation"; FACT22 report, "Limitations").
with
closures as (
    select * from {{ ref('int_closures') }}
    where is_closed_recorded
),

studies as (
    {{ following_studies() }}
),

rereferrals as (
    select * from {{ ref('int_admitted_referrals') }}
    where is_rereferral
),

escalations as (
    select * from {{ ref('int_admitted_escalations') }}
    where is_date_known
),

closed as (
    select
        closures.study_id,
        closures.la_code,
        closures.case_id,
        closures.closure_date,
        studies.followed_until,
        studies.year_mode,
        studies.later_escalation_inclusive
    from closures
    inner join studies using (study_id, la_code)
),

rereferred as (
    select
        closed.study_id,
        closed.la_code,
        closed.case_id,
        min(rereferrals.referral_date) as event_date
    from closed
    inner join rereferrals using (la_code, case_id)
    where
        rereferrals.referral_date > closed.closure_date
        and rereferrals.referral_date <= closed.followed_until
    group by all
),

escalated as (
    select
        closed.study_id,
        closed.la_code,
        closed.case_id,
        min(escalations.escalation_date) as event_date
    from closed
    inner join escalations using (la_code, case_id)
    where
        (
            escalations.escalation_date > closed.closure_date
            or (
                escalations.escalation_date = closed.closure_date
                and closed.later_escalation_inclusive
            )
        )
        and escalations.escalation_date <= closed.followed_until
    group by all
)

{% for event in ['rereferred', 'escalated'] -%}
select
    closed.study_id,
    closed.la_code,
    closed.case_id,
    '{{ event }}' as event,
    closed.closure_date,
    {{ event }}.event_date,
    closed.followed_until,
    {{ window_end('closed.closure_date', '12', 'closed.year_mode') }} as ends_12m_date,
    {{ window_end('closed.closure_date', '24', 'closed.year_mode') }} as ends_24m_date
from closed
left join {{ event }} using (study_id, la_code, case_id)
{{ 'union all' if not loop.last }}
{% endfor -%}
