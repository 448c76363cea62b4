-- Project Crewe report, table 8: the share of cases referred again and what the other arm's cases
-- would have saved in this one. The printed saving can't be had from the printed inputs: it stands
-- beside what the data give.
select
    arm,
    n_rereferred,
    n_costed,
    round(100 * rereferral_rate, 1) as percent_rereferred,
    round(cost_per_case_gbp) as cost_per_case_gbp,
    round(saving_gbp) as saving_gbp,
    saving_per_case_gbp,
    carried_saving_gbp as printed_saving_gbp,
    carried_saving_per_case_gbp as printed_saving_per_case_gbp,
    carried_status,
    carried_reason,
    is_illustrative,
    status,
    status_reason
from {{ ref('fct_rereferral_savings') }}
where study_id = 'crewe'
order by arm desc
