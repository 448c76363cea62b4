-- Project Crewe report, figure 12: how stress scores are spread in each organisation. The report
-- prints no score and doesn't say on what scale they are. Bands with few respondents are hidden.
select
    survey_month,
    organisation,
    n_respondents,
    round(mean_score, 1) as mean_score,
    score_from,
    score_below,
    n,
    status_reason
from {{ ref('fct_staff_stress_distribution') }}
where study_id = 'crewe'
order by
    survey_month,
    organisation,
    score_from
