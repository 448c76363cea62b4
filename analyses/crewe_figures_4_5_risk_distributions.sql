-- Project Crewe report, figures 4 (comparators) and 5 (treated): what the box plots of the total
-- risk score draw, at referral and at the latest information. The report says that whiskers show
-- the lowest and the highest score, and shows dots beyond them; box_whiskers says what is drawn
-- here, minimum and maximum are the lowest and the highest score either way.
select
    case arm when 'comparator' then 'Figure 4' else 'Figure 5' end as figure,
    measure,
    n,
    minimum,
    lower_whisker,
    lower_hinge,
    median,
    upper_hinge,
    upper_whisker,
    maximum,
    outlier_values,
    box_hinges,
    box_whiskers
from {{ ref('fct_risk_distributions') }}
where study_id = 'crewe'
order by
    figure asc,
    measure desc
