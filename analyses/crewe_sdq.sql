-- Project Crewe report, behaviour and appendix 6: scores on the Strengths and Difficulties
-- Questionnaire by arm. The report prints no score, only that no scale differs significantly and
-- that the programme's children appeared to behave slightly better.
select
    scale,
    score_direction,
    n_treated as n_crewe,
    n_comparator as n_authority,
    median_treated as crewe_median,
    lower_quartile_treated as crewe_lower_quartile,
    upper_quartile_treated as crewe_upper_quartile,
    median_comparator as authority_median,
    lower_quartile_comparator as authority_lower_quartile,
    upper_quartile_comparator as authority_upper_quartile,
    u_statistic,
    round(p_value, 3) as p_value,
    shift as shift_in_points,
    round(superiority, 3) as probability_crewe_higher,
    favours,
    status_reason
from {{ ref('fct_sdq_comparison') }}
where study_id = 'crewe'
order by
    case scale when 'total' then 1 else 0 end,
    scale
