-- What the build computes of visits, cases held and reasons for stress, in the shape in which
-- published figures ask for it, by month. Groups are taken before small ones are hidden: only the
-- comparison with the report shows them.
with
workloads as (
    select
        *,
        case organisation when 'programme' then 'treated' else 'comparator' end as arm,
        substring(cast(month_start_date as string), 1, 7) as counted_month
    from {{ ref('int_workloads') }}
),

both_counted as (
    select
        study_id,
        measure,
        month_start_date,
        max(case when arm = 'treated' then mean_counted end) as mean_treated,
        max(case when arm = 'comparator' then mean_counted end) as mean_comparator
    from workloads
    group by
        study_id,
        measure,
        month_start_date
),

ratios as (
    select
        study_id,
        measure,
        ({{ stable_sum('mean_treated') }} / count(*))
        / nullif({{ stable_sum('mean_comparator') }} / count(*), 0) as ratio
    from both_counted
    where mean_treated is not null and mean_comparator is not null
    group by
        study_id,
        measure
),

benchmarks as (
    select
        *,
        case organisation when 'programme' then 'treated' else 'comparator' end as arm
    from {{ ref('workload_benchmarks') }}
),

factors as (
    select
        *,
        case organisation when 'programme' then 'treated' else 'comparator' end as arm,
        substring(cast(survey_month as string), 1, 7) as asked_month
    from {{ ref('int_staff_stress_factors') }}
    where survey_month is not null
),

respondents as (
    select
        study_id,
        asked_month,
        arm,
        max(n_respondents) as n_respondents
    from factors
    group by
        study_id,
        asked_month,
        arm
),

figures as (
    {{ computed_figure(
        'workloads', 'workload', 'counted_month', 'measure', 'arm', 'mean_counted'
    ) }}
    union all
    {{ computed_figure('ratios', 'workload_ratio', "''", 'measure', "'treated'", 'ratio') }}
    union all
    {{ computed_figure('benchmarks', 'workload_limit', "''", 'measure', 'arm', 'highest') }}
    union all
    {{ computed_figure(
        'benchmarks', 'workload_range', "''", 'measure', 'arm',
        text_value="cast(cast(lowest as bigint) as string) || '-'
            || cast(cast(highest as bigint) as string)",
        where='lowest is not null'
    ) }}
    union all
    {{ computed_figure(
        'factors', 'stress_factor', 'asked_month', 'main_factor', 'arm', 'n',
        where='main_factor is not null'
    ) }}
    union all
    {{ computed_figure(
        'respondents', 'stress_factor', 'asked_month', "'all'", 'arm', 'n_respondents'
    ) }}
)

select * from figures
