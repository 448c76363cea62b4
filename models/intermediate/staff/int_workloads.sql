-- Visits in a month and cases held (Project Crewe, Figure 11 and "Side effects"), by month, however
-- few were counted: fct_workloads hides the small groups. Who was counted several times in a month
-- enters with the mean of that month.
with
studies as (select * from {{ ref('studies') }}),
counts as (select * from {{ ref('int_admitted_workload_counts') }}),

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
    study_id,
    organisation,
    measure,
    month_start_date,
    count(*) as n_respondents,
    {{ stable_sum('mean_counted') }} / count(*) as mean_counted,
    min(mean_counted) as lowest_counted,
    max(mean_counted) as highest_counted
from respondents
group by
    study_id,
    organisation,
    measure,
    month_start_date
