{{ config(materialized='view') }}
{%- set months_open = 6 -%}
-- Whose outcome counts: opened inside the window, still open when the study started, and, for
-- treated cases, opened strictly before entering the programme (FACT22 report, appendix 2,
-- "Matching"); not taken out of the study by an objection, counted by the study's unit, and with an
-- outcome that is known (Project Crewe report, "Quantitative design"). Comparators without matching
-- (`comparator_rule`) must have been open for six months when the study started (FACT22 report,
-- appendix 3). The first reason that fails is kept.
with
arms as (select * from {{ ref('int_study_cases') }}),
studies as (select * from {{ ref('int_studies') }}),
undated as (select * from {{ ref('int_undated_escalations') }}),

objections as (
    select
        la_code,
        child_id,
        count(*) filter (where objects_to = 'study') > 0 as is_to_study
    from {{ ref('int_admitted_objections') }}
    group by la_code, child_id
),

judged as (
    select
        arms.*,
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
            when
                studies.opened_before_entry != 'any'
                and (
                    arms.plan_start_date > arms.entry_date
                    or (
                        arms.plan_start_date = arms.entry_date
                        and studies.opened_before_entry = 'strict'
                    )
                )
                then 'joined_before_opening'
            when arms.entry_date > studies.observed_until then 'joined_after_study'
            when undated.is_excluded then 'undated_escalation'
            when
                objections.is_to_study
                or (studies.objection_scope = 'study' and objections.child_id is not null)
                then 'objected'
            when studies.case_unit = 'index_child' and arms.is_index_child is not true
                then 'not_index_child'
            when arms.is_outcome_known is false then 'outcome_incomplete'
            when
                studies.comparator_rule = 'app3'
                and arms.arm = 'comparator'
                and arms.plan_start_date
                > {{ add_months('studies.study_start', '-' ~ months_open) }}
                then 'not_open_long_enough'
        end as ineligible_reason
    from arms
    inner join studies using (study_id, la_code)
    left join undated using (study_id, la_code, case_id)
    left join objections
        on arms.la_code = objections.la_code and arms.child_id = objections.child_id
)

select
    *,
    ineligible_reason is null as is_eligible
from judged
