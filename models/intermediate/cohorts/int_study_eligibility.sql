-- Who may be matched (FACT22 report, appendix 2, "Matching"): opened inside the window, still
-- open when the study started, and, for treated cases, opened strictly before entering the
-- programme. The first reason that fails is kept.
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
undated as (select * from {{ ref('int_undated_escalations') }}),

judged as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        case
            when arms.plan_start_date > studies.latest_case_start then 'opened_after_window'
            when arms.plan_start_date < studies.earliest_case_start then 'opened_before_window'
            when
                arms.closure_date < studies.study_start
                or (
                    arms.closure_date = studies.study_start
                    and not studies.eligibility_closure_inclusive
                )
                then 'closed_before_study'
            when arms.plan_start_date >= arms.entry_date then 'joined_before_opening'
            when arms.entry_date > studies.observed_until then 'joined_after_study'
            when undated.is_excluded then 'undated_escalation'
        end as ineligible_reason
    from arms
    inner join studies using (study_id, la_code)
    left join undated using (study_id, la_code, case_id)
)

select
    *,
    ineligible_reason is null as is_eligible
from judged
