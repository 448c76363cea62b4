-- FACT22 report, tables 2 and 6: what a case cost the programme in a week, by kind of spending, in
-- pounds of 2019. The components add up to two pence more than the total: each is rounded.
select
    label as cost_type,
    round(cost_per_case_week, 2) as gbp_per_case_and_week,
    round(100 * share_of_total, 1) as percent_of_total,
    round(cost_per_case, 2) as gbp_per_case,
    n_cases,
    round(case_weeks, 1) as case_weeks,
    is_illustrative
from {{ ref('fct_programme_costs') }}
where study_id = 'fact22'
order by category_order
