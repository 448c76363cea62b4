-- How often families are visited in a month and how many cases a worker holds (Project Crewe,
-- Figure 11 and "Side effects"), by organisation and month, beside what is agreed or usual. Groups
-- below `smallest_staff_group` are hidden, those above and not above a benchmark among them; the
-- lowest and the highest count are one person's, and never shown. An organisation nobody counted
-- has a row that says so.
with
organisations as (select * from {{ ref('int_study_organisations') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),
workloads as (select * from {{ ref('int_workloads') }}),
benchmarks as (select * from {{ ref('workload_benchmarks') }}),

expected as (
    {% for measure in ['visits_in_month', 'cases_held'] -%}
    select
        study_id,
        organisation,
        '{{ measure }}' as measure
    from organisations
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

judged as (
    select
        expected.*,
        workloads.month_start_date,
        workloads.n_respondents,
        workloads.mean_counted,
        case
            when
                workloads.n_above_benchmark = 0
                or workloads.n_above_benchmark >= parameters.smallest_staff_group
                then workloads.n_above_benchmark
        end as n_above_benchmark,
        workloads.n_respondents - workloads.n_above_benchmark as n_not_above,
        parameters.smallest_staff_group,
        coalesce(workloads.n_respondents < parameters.smallest_staff_group, false) as is_suppressed,
        coalesce(workloads.n_respondents >= parameters.smallest_staff_group, false) as is_shown
    from expected
    inner join parameters using (study_id)
    left join workloads using (study_id, organisation, measure)
),

usual as (
    select
        study_id,
        measure,
        month_start_date,
        mean_counted
    from judged
    where organisation = 'authority' and is_shown
)

select
    judged.study_id,
    judged.organisation,
    judged.measure,
    judged.month_start_date,
    case when not judged.is_suppressed then coalesce(judged.n_respondents, 0) end as n_respondents,
    case when judged.is_shown then judged.mean_counted end as mean_counted,
    case
        when
            judged.is_shown
            and (judged.n_not_above = 0 or judged.n_not_above >= judged.smallest_staff_group)
            then judged.n_above_benchmark
    end as n_above_benchmark,
    case
        when judged.organisation = 'programme' and judged.is_shown
            then judged.mean_counted / nullif(usual.mean_counted, 0)
    end as ratio_to_authority,
    benchmarks.lowest as benchmark_lowest,
    benchmarks.highest as benchmark_highest,
    benchmarks.meaning as benchmark,
    judged.is_suppressed,
    case when judged.is_shown then 'ok' else 'not_estimable' end as status,
    case
        when judged.is_suppressed then 'small_group: the group is too small to be shown'
        when not judged.is_shown then 'no_counts: nothing of this kind was counted'
    end as status_reason
from judged
left join usual
    on
        judged.study_id = usual.study_id
        and judged.measure = usual.measure
        and judged.month_start_date = usual.month_start_date
left join benchmarks
    on
        judged.study_id = benchmarks.study_id
        and judged.organisation = benchmarks.organisation
        and judged.measure = benchmarks.measure
