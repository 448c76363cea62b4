-- FACT22 report, figures 9 (treated) and 10 (comparators): what the box plots of the total risk
-- score draw, at referral, at the latest information and for the difference between them.
select
    case arm when 'treated' then 'Figure 9' else 'Figure 10' end as figure,
    measure,
    n,
    lower_whisker,
    lower_hinge,
    median,
    upper_hinge,
    upper_whisker,
    outlier_values,
    box_hinges,
    box_whiskers
from {{ ref('fct_risk_distributions') }}
where study_id = 'fact22'
order by
    arm desc,
    measure desc
