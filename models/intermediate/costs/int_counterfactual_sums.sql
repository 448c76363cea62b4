-- Use and cost of social care without the programme, summed over age bands and over components:
-- every combination of one or all of each.
with
components as (select * from {{ ref('int_counterfactual_components') }}),

combined as (
    {% for band in ['age_band', "'all'"] -%}
    {% for component in ['component', "'total'"] -%}
    select
        study_id,
        {{ band }} as age_band,
        {{ component }} as component,
        component as own_component,
        case when {{ component }} != 'total' then unit end as unit,
        price_base_year,
        n_cases,
        case_weeks,
        case when {{ component }} != 'total' then mean_treated end as mean_treated,
        case when {{ component }} != 'total' then mean_comparator end as mean_comparator,
        case when {{ component }} != 'total' then mean_without end as mean_without,
        case when {{ component }} != 'total' then unit_cost_gbp end as unit_cost_gbp,
        n_cases * mean_without * unit_cost_gbp as cost_gbp,
        n_cases > 0 and mean_without is null as is_mean_missing,
        n_cases > 0 and unit_cost_gbp is null as is_unit_cost_missing,
        is_illustrative
    from components
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    study_id,
    age_band,
    component,
    max(unit) as unit,
    max(price_base_year) as price_base_year,
    cast(sum(n_cases) / count(distinct own_component) as bigint) as n_cases,
    {{ stable_sum('case_weeks') }} / count(distinct own_component) as case_weeks,
    {% for mean in ['mean_treated', 'mean_comparator', 'mean_without'] -%}
    {{ stable_sum('n_cases * ' ~ mean) }} / nullif(sum(n_cases), 0) as {{ mean }},
    {% endfor -%}
    case when min(unit_cost_gbp) = max(unit_cost_gbp) then max(unit_cost_gbp) end as unit_cost_gbp,
    {{ stable_sum('cost_gbp') }} as cost_gbp,
    max(case when is_mean_missing then 1 else 0 end) = 1 as is_mean_missing,
    max(case when is_unit_cost_missing then 1 else 0 end) = 1 as is_unit_cost_missing,
    max(case when is_illustrative then 1 else 0 end) = 1 as is_illustrative
from combined
group by
    study_id,
    age_band,
    component
