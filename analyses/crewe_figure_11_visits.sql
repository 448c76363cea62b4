-- Project Crewe report, figure 11: visits to a family in a month, as families and staff describe
-- them. The report prints the programme's bars and calls them "almost 3 times" the authority's.
select
    month_start_date,
    round(max(mean_counted) filter (where organisation = 'programme'), 1) as programme,
    round(max(mean_counted) filter (where organisation = 'authority'), 1) as authority,
    round(max(ratio_to_authority), 2) as programme_to_authority,
    max(n_respondents) filter (where organisation = 'programme') as programme_respondents,
    max(n_respondents) filter (where organisation = 'authority') as authority_respondents
from {{ ref('fct_workloads') }}
where study_id = 'crewe' and measure = 'visits_in_month'
group by month_start_date
order by month_start_date
