-- Visits in a month and cases held (Project Crewe, Figure 11 and "Side effects"), by month, however
-- few were counted: fct_workloads hides the small groups. Who was counted several times in a month
-- enters with the mean of that month.
with
studies as (select * from {{ ref('int_study_authorities') }}),
counts as (select * from {{ ref('int_admitted_workload_counts') }}),
benchmarks as (select * from {{ ref('workload_benchmarks') }}),

respondents as (
    select
        studies.study_id,
        counts.organisation,
        counts.measure,
        cast(date_trunc('month', counts.counted_date) as date) as month_start_date,
        counts.respondent_id,
        cast(sum(counts.n_counted) as double) / count(*) as mean_counted
    from studies
    inner join counts on {{ is_of_study('counts') }}
    group by all
)

select
    respondents.study_id,
    respondents.organisation,
    respondents.measure,
    respondents.month_start_date,
    count(*) as n_respondents,
    {{ stable_sum('respondents.mean_counted') }} / count(*) as mean_counted,
    min(respondents.mean_counted) as lowest_counted,
    max(respondents.mean_counted) as highest_counted,
    cast(
        sum(
            case
                when respondents.mean_counted > benchmarks.highest then 1
                when respondents.mean_counted <= benchmarks.highest then 0
            end
        ) as bigint
    ) as n_above_benchmark
from respondents
left join benchmarks
    on
        respondents.study_id = benchmarks.study_id
        and respondents.organisation = benchmarks.organisation
        and respondents.measure = benchmarks.measure
group by
    respondents.study_id,
    respondents.organisation,
    respondents.measure,
    respondents.month_start_date
