-- The entry of each case to each programme, by enrolment or by allocation to an arm of a trial: the
-- one that names the case, else the child's case that was open on that day, else the case that
-- started nearest to it. Of several of a case the first counts.
with
enrolments as (
    select * from {{ ref('int_admitted_programme_enrolments') }}
    where arm = 'treated'
),

allocations as (
    select * from {{ ref('int_admitted_allocations') }}
    where allocation_status = 'allocated'
),

cases as (select * from {{ ref('int_admitted_cin_cases') }}),

entries as (
    select
        la_code,
        programme_id,
        child_id,
        case_id,
        'enrolment' as arm_source,
        arm,
        start_date as entry_date,
        end_date as exit_date
    from enrolments
    union all
    select
        la_code,
        programme_id,
        child_id,
        case_id,
        'allocation' as arm_source,
        arm,
        allocated_date as entry_date,
        cast(null as date) as exit_date
    from allocations
),

candidates as (
    select
        entries.la_code,
        entries.programme_id,
        entries.arm_source,
        entries.arm,
        entries.entry_date,
        entries.exit_date,
        cases.case_id,
        row_number() over (
            partition by
                entries.la_code, entries.programme_id, entries.arm_source, entries.child_id,
                entries.case_id, entries.entry_date
            order by
                case
                    when
                        cases.plan_start_date <= entries.entry_date
                        and coalesce(cases.closure_date >= entries.entry_date, true)
                        then 0
                    else 1
                end,
                abs({{ days_between('cases.plan_start_date', 'entries.entry_date') }}),
                cases.plan_start_date,
                cases.file_key,
                cases.source_row_number,
                entries.exit_date nulls last
        ) as case_rank
    from entries
    inner join cases
        on
            entries.la_code = cases.la_code
            and entries.child_id = cases.child_id
            and coalesce(entries.case_id, cases.case_id) = cases.case_id
),

case_enrolments as (
    select
        la_code,
        programme_id,
        case_id,
        arm_source,
        arm,
        entry_date,
        exit_date
    from candidates
    where case_rank = 1
    qualify
        row_number() over (
            partition by la_code, programme_id, case_id, arm_source
            order by entry_date, exit_date nulls last, arm
        ) = 1
)

select * from case_enrolments
