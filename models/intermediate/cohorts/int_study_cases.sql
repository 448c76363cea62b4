{{ config(materialized='view') }}
-- Every case of a study with its arm. By enrolment, a case of the study's authority is treated when
-- enrolled in the study's programme and a comparator otherwise; by allocation (`arm_source`) only
-- cases that were allocated are in the study, in the arm they were allocated to, whatever they went
-- on to have (intention to treat: Project Crewe report, appendix 6). A case that ended for a reason
-- the study doesn't count is over, but not closed (`closure_reasons_counted`). One that was
-- enrolled after the last day that can be observed may serve as a comparator
-- (`comparator_may_join_later`); by default it is in no arm's sample.
with
studies as (select * from {{ ref('int_studies') }}),
cases as (select * from {{ ref('int_admitted_cin_cases') }}),
enrolments as (select * from {{ ref('int_case_enrolments') }}),

-- What counts of enrolments is settled before cases come in: a join by key alone is quick.
entries as (
    select
        studies.study_id,
        enrolments.la_code,
        enrolments.case_id,
        enrolments.arm,
        enrolments.entry_date,
        enrolments.exit_date
    from studies
    inner join enrolments
        on
            studies.la_code = enrolments.la_code
            and studies.programme_id = enrolments.programme_id
            and studies.arm_source = enrolments.arm_source
    where
        studies.comparator_may_join_later is not true
        or studies.observed_until >= enrolments.entry_date
        or studies.arm_source = 'allocation'
),

arms as (
    select
        studies.study_id,
        cases.la_code,
        cases.case_id,
        cases.child_id,
        cases.family_id,
        coalesce(entries.arm, 'comparator') as arm,
        entries.entry_date,
        entries.exit_date,
        cases.referral_date,
        case
            when cases.referral_date is not null
                then greatest(cases.referral_date, studies.study_start)
        end as recoded_referral_date,
        cases.plan_start_date,
        cases.closure_date,
        cases.age_at_plan_start,
        cases.age_completed_years,
        cases.n_siblings_under_18,
        cases.n_previous_referrals,
        cases.has_disability,
        cases.sex_code,
        cases.ethnicity_code,
        cases.nationality,
        cases.ward,
        cases.primary_need_code,
        cases.is_index_child,
        cases.is_outcome_known,
        cases.closure_date is not null
        and studies.closure_reasons_counted != 'all'
        and coalesce(
            '|' || studies.closure_reasons_counted || '|'
            not like '%|' || cases.closure_reason_code || '|%',
            true
        ) as is_closure_uncounted,
        cases.file_key,
        cases.source_row_number
    from studies
    inner join cases
        on studies.la_code = cases.la_code
    left join entries
        on
            studies.study_id = entries.study_id
            and cases.la_code = entries.la_code
            and cases.case_id = entries.case_id
    where studies.arm_source = 'enrolment' or entries.case_id is not null
)

select * from arms
