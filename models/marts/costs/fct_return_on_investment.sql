-- What the programme cost beside what its cases would have cost the authority without it, as the
-- report has it: (cost with - cost without) / cost with, so that a saving is negative (FACT22
-- report, appendix 10, "Calculating fiscal return on investment"). saving_ratio turns the sign.
with
programme as (
    select * from {{ ref('fct_programme_costs') }}
    where cost_category = 'total'
),

counterfactual as (
    select * from {{ ref('fct_counterfactual_costs') }}
    where age_band = 'all' and component = 'total'
),

compared as (
    select
        programme.study_id,
        programme.price_base_year,
        programme.cost_per_case as cost_per_case_with,
        counterfactual.cost_per_case as cost_per_case_without,
        programme.cost_per_case_week as cost_per_case_week_with,
        counterfactual.cost_per_case_week as cost_per_case_week_without,
        (programme.cost_per_case_week - counterfactual.cost_per_case_week)
        / nullif(programme.cost_per_case_week, 0) as roi_as_printed,
        programme.is_illustrative or counterfactual.is_illustrative as is_illustrative,
        case
            when programme.status != 'ok' or counterfactual.status != 'ok'
                then coalesce(programme.status_reason, counterfactual.status_reason)
            when programme.cost_per_case_week = 0
                then 'no_cost: the programme cost nothing within the study'
        end as status_reason
    from programme
    inner join counterfactual using (study_id)
)

select
    study_id,
    price_base_year,
    cost_per_case_with,
    cost_per_case_without,
    cost_per_case_week_with,
    cost_per_case_week_without,
    roi_as_printed,
    -roi_as_printed as saving_ratio,
    is_illustrative,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from compared
