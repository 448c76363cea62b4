-- Whether a case escalated before there was anything to compare: a child protection plan or care
-- period that starts on or after its plan start and before the study start. The programme can't
-- have changed it, so a difference between matched arms is a sign of selection, not of effect
-- (a negative control). It can be told for cases that started before the study, and not for one
-- that had entered the programme by then or whose undated escalations may lie in those days.
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
escalations as (select * from {{ ref('int_observed_escalations') }}),
undated as (select * from {{ ref('int_undated_escalations') }}),

earlier as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        arms.plan_start_date < studies.study_start
        and coalesce(arms.entry_date >= studies.study_start, true) as is_at_risk,
        min(escalations.escalation_date) filter (
            where
            escalations.escalation_date >= arms.plan_start_date
            and escalations.escalation_date < studies.study_start
        ) as escalation_date
    from arms
    inner join studies using (study_id, la_code)
    left join escalations using (study_id, la_code, case_id)
    group by all
)

select
    earlier.study_id,
    earlier.la_code,
    earlier.case_id,
    case when earlier.is_at_risk then earlier.escalation_date end as escalation_before_study_date,
    case
        when not earlier.is_at_risk then null
        when earlier.escalation_date is not null then true
        when undated.case_id is null then false
    end as is_escalated_before_study
from earlier
left join undated using (study_id, la_code, case_id)
