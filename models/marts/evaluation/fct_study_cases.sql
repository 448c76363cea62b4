-- One row per case of a study's authority: its arm, whether it is eligible and why not, and its
-- matching stratum.
with
cases as (select * from {{ ref('int_study_eligibility') }}),
strata as (select * from {{ ref('int_strata') }}),
undated as (select * from {{ ref('int_undated_escalations') }}),
studies as (select study_id from {{ ref('studies') }})

select
    cases.study_id,
    cases.la_code,
    cases.case_id,
    cases.child_id,
    cases.family_id,
    cases.arm,
    cases.referral_date,
    cases.plan_start_date,
    cases.closure_date,
    cases.entry_date,
    cases.exit_date,
    cases.is_eligible,
    cases.ineligible_reason,
    strata.stratum,
    coalesce(undated.is_escalation_date_assumed, false) as is_escalation_date_assumed,
    coalesce(undated.is_escalation_undated, false) as is_escalation_undated
from cases
inner join studies using (study_id)
left join strata using (study_id, la_code, case_id)
left join undated using (study_id, la_code, case_id)
