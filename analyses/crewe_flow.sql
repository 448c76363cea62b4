-- Project Crewe report, "Quantitative design": who was recommended, allocated and analysed, with
-- what left at each step, in families and children. The report prints 132 families with 326
-- children, 6 left out and 126 analysed; two-thirds (it says 70 per cent too) to the programme.
with flow as (
    select * from {{ ref('fct_trial_flow') }}
    where study_id = 'crewe'
)

select
    step_order,
    step,
    max(case when arm = 'treated' then n_families end) as crewe_families,
    max(case when arm = 'comparator' then n_families end) as authority_families,
    sum(n_families) as families,
    sum(n_children) as children,
    lag(sum(n_families)) over (order by step_order) - sum(n_families) as families_left,
    lag(sum(n_children)) over (order by step_order) - sum(n_children) as children_left,
    round(
        100.0 * max(case when arm = 'treated' then n_families end) / sum(n_families), 1
    ) as percent_to_crewe,
    max(reason) as reason_left
from flow
group by
    step_order,
    step
order by step_order
