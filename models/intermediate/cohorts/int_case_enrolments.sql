-- The enrolment of each case in each programme: the one that names the case, else the child's
-- case that was open on the entry day, else the case that started nearest to it. Of several
-- enrolments of a case the first counts.
with
enrolments as (
    select * from {{ ref('int_admitted_programme_enrolments') }}
    where arm = 'treated'
),

cases as (select * from {{ ref('int_admitted_cin_cases') }}),

candidates as (
    select
        enrolments.la_code,
        enrolments.programme_id,
        enrolments.child_id,
        enrolments.start_date,
        enrolments.end_date,
        cases.case_id,
        row_number() over (
            partition by
                enrolments.la_code, enrolments.programme_id, enrolments.child_id,
                enrolments.case_id, enrolments.start_date
            order by
                case
                    when
                        cases.plan_start_date <= enrolments.start_date
                        and coalesce(cases.closure_date >= enrolments.start_date, true)
                        then 0
                    else 1
                end,
                abs({{ days_between('cases.plan_start_date', 'enrolments.start_date') }}),
                cases.plan_start_date,
                cases.file_key,
                cases.source_row_number,
                enrolments.end_date nulls last
        ) as case_rank
    from enrolments
    inner join cases
        on
            enrolments.la_code = cases.la_code
            and enrolments.child_id = cases.child_id
            and coalesce(enrolments.case_id, cases.case_id) = cases.case_id
),

case_enrolments as (
    select
        la_code,
        programme_id,
        case_id,
        start_date as entry_date,
        end_date as exit_date
    from candidates
    where case_rank = 1
    qualify
        row_number() over (
            partition by la_code, programme_id, case_id
            order by start_date, end_date nulls last
        ) = 1
)

select * from case_enrolments
