-- Project Crewe report, figures 6 to 8: mean change in the total risk score, in risk and in
-- protective factors, by arm (figures 7 and 8 of the FACT22 report are the other way round).
-- Engagement, which the report doesn't chart, explains the rest of the total.
select
    case component
        when 'total' then 'Figure 6'
        when 'risk' then 'Figure 7'
        when 'protective' then 'Figure 8'
        else 'not charted'
    end as figure,
    component,
    max(case when arm = 'treated' then n end) as n_crewe,
    max(case when arm = 'comparator' then n end) as n_comparator,
    round(max(case when arm = 'treated' then mean_referral end), 2) as crewe_at_referral,
    round(max(case when arm = 'comparator' then mean_referral end), 2) as comparator_at_referral,
    round(max(case when arm = 'treated' then mean_change end), 2) as crewe_change,
    round(max(case when arm = 'comparator' then mean_change end), 2) as comparator_change,
    round(max(difference_in_change), 2) as difference_in_change
from {{ ref('fct_risk_changes') }}
where study_id = 'crewe'
group by component
order by figure
