-- One row per case of a study's authority: its arm, whether it is eligible and why not, and its
-- matching stratum.
with
arms as (select * from {{ ref('int_study_arms') }}),
eligibility as (select * from {{ ref('int_study_eligibility') }}),
strata as (select * from {{ ref('int_strata') }}),
undated as (select * from {{ ref('int_undated_escalations') }}),
studies as (select study_id from {{ ref('studies') }})

select
    arms.study_id,
    arms.la_code,
    arms.case_id,
    arms.child_id,
    arms.family_id,
    arms.arm,
    arms.referral_date,
    arms.plan_start_date,
    arms.closure_date,
    arms.entry_date,
    arms.exit_date,
    eligibility.is_eligible,
    eligibility.ineligible_reason,
    strata.stratum,
    coalesce(undated.is_escalation_date_assumed, false) as is_escalation_date_assumed,
    coalesce(undated.is_escalation_undated, false) as is_escalation_undated
from arms
inner join studies using (study_id)
inner join eligibility using (study_id, la_code, case_id)
left join strata using (study_id, la_code, case_id)
left join undated using (study_id, la_code, case_id)
