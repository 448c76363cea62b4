-- Dated child protection plans and care periods that can be observed: none after the study's
-- end or the extract's date.
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),

escalations as (
    select * from {{ ref('int_admitted_escalations') }}
    where is_date_known
)

select
    arms.study_id,
    arms.la_code,
    arms.case_id,
    escalations.escalation_type,
    escalations.escalation_date
from arms
inner join studies using (study_id, la_code)
inner join escalations using (la_code, case_id)
where escalations.escalation_date <= studies.observed_until
