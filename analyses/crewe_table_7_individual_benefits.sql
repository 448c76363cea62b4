-- Project Crewe report, table 7: what closing cases is taken to be worth to the child, by way of
-- five good GCSEs. Nothing of it was observed but the closure rates.
select
    arm,
    round(100 * closure_rate, 1) as percent_closed,
    round(100 * closure_rate_used) as percent_used,
    round(lifetime_earnings_gbp) as lifetime_earnings_gbp,
    round(lifetime_tax_gbp) as lifetime_tax_gbp,
    round(employment_points, 2) as employment_percentage_points,
    is_illustrative,
    status,
    status_reason
from {{ ref('fct_individual_benefits') }}
where study_id = 'crewe'
order by case arm when 'treated' then 1 when 'comparator' then 2 else 3 end
