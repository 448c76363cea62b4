-- Project Crewe report, table 6: what a case costs, its weekly staff cost times the mean time that
-- cases were open. The programme's cost includes management and the authority's doesn't: their
-- difference is no finding.
select
    arm,
    weekly_cost_gbp,
    cost_basis,
    is_like_for_like,
    round(mean_weeks_open, 1) as mean_weeks_open,
    n_cases,
    n_censored as of_which_still_open,
    round(cost_per_case_gbp) as cost_per_case_gbp,
    is_illustrative,
    status,
    status_reason
from {{ ref('fct_cost_per_case') }}
where study_id = 'crewe'
order by arm desc
