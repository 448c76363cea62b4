-- FACT22 report, figures 6 to 8: mean change in the total risk score, in protective and in risk
-- factors, by arm. Engagement, which the report doesn't chart, explains the rest of the total.
select
    case component
        when 'total' then 'Figure 6'
        when 'protective' then 'Figure 7'
        when 'risk' then 'Figure 8'
        else 'not charted'
    end as figure,
    component,
    max(case when arm = 'treated' then n end) as n_fact22,
    max(case when arm = 'comparator' then n end) as n_comparator,
    round(max(case when arm = 'treated' then mean_referral end), 2) as fact22_at_referral,
    round(max(case when arm = 'comparator' then mean_referral end), 2) as comparator_at_referral,
    round(max(case when arm = 'treated' then mean_change end), 2) as fact22_change,
    round(max(case when arm = 'comparator' then mean_change end), 2) as comparator_change,
    round(max(difference_in_change), 2) as difference_in_change
from {{ ref('fct_risk_changes') }}
where study_id = 'fact22'
group by component
order by figure
