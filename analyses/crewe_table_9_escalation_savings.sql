-- Project Crewe report, table 9: what fewer escalations to child protection than the national
-- average save, over the months that the report counts and over the whole study; and what the
-- trial's own comparators say, where their escalations were recorded.
select
    counted_over,
    compared_with,
    counted_from_date,
    counted_to_date,
    round(100 * reference_rate, 1) as percent_compared_with,
    n_escalated,
    n_costed,
    round(100 * escalation_rate, 1) as percent_escalated,
    n_avoided,
    extra_cost_gbp,
    round(saving_gbp) as saving_gbp,
    saving_per_case_gbp,
    is_illustrative,
    status,
    status_reason
from {{ ref('fct_escalation_savings') }}
where study_id = 'crewe'
order by counted_over desc, compared_with desc
