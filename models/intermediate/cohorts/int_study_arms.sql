-- Every case of a study's authority with its arm: treated when enrolled in the study's programme,
-- comparator otherwise. A case that ended for a reason the study doesn't count is over, but not
-- closed (`closure_reasons_counted`).
with
studies as (select * from {{ ref('int_studies') }}),
cases as (select * from {{ ref('int_admitted_cin_cases') }}),
enrolments as (select * from {{ ref('int_case_enrolments') }}),

arms as (
    select
        studies.study_id,
        cases.la_code,
        cases.case_id,
        cases.child_id,
        cases.family_id,
        case when enrolments.case_id is null then 'comparator' else 'treated' end as arm,
        enrolments.entry_date,
        enrolments.exit_date,
        cases.referral_date,
        cases.plan_start_date,
        cases.closure_date,
        cases.age_at_plan_start,
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
    left join enrolments
        on
            cases.la_code = enrolments.la_code
            and cases.case_id = enrolments.case_id
            and studies.programme_id = enrolments.programme_id
)

select * from arms
