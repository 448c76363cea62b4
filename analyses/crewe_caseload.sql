-- Project Crewe report, "Side effects of frequent support": cases held by a family practitioner at
-- three times, beside the cap of 12, and by a social worker, beside the 18 to 21 that are typical.
select
    month_start_date,
    organisation,
    n_respondents,
    round(mean_counted, 1) as mean_cases,
    n_above_benchmark,
    benchmark_lowest,
    benchmark_highest,
    benchmark,
    status_reason
from {{ ref('fct_workloads') }}
where study_id = 'crewe' and measure = 'cases_held'
order by
    organisation desc,
    month_start_date asc
