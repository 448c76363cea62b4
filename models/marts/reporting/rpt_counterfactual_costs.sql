{%- set figures = ['case_weeks', 'mean_without', 'cost_per_case', 'cost_per_case_week'] -%}
-- What the programme's cases would have cost the authority without it, as far as that may be
-- released: over enough cases and matched cases of either arm, of which none gives most of the
-- cost. The arms' own means are left out: times a size, they are counts of events.
with
costs as (select * from {{ ref('fct_counterfactual_costs') }}),
evidence as (select * from {{ ref('int_release_cost_evidence') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

decided as (
    select
        costs.*,
        cases.released as released_cases,
        {{ figure_disclosure(
            'costs.status', 'cases',
            is_enough('least(costs.n_cases, evidence.fewest_cases)', 'evidence.largest_share')
        ) }} as disclosure,
        {{ figure_reason(
            'costs.status', 'costs.status_reason', 'cases',
            is_enough('least(costs.n_cases, evidence.fewest_cases)', 'evidence.largest_share')
        ) }} as disclosure_reason
    from costs
    left join evidence using (study_id, age_band, component)
    left join decisions as cases
        on
            costs.study_id = cases.scope
            and cases.cell_id
            = 'costs/programme/'
            || case costs.age_band when 'all' then 'cases' else costs.age_band end
    cross join profiles
)

select
    decided.study_id,
    decided.age_band,
    decided.component,
    decided.unit,
    decided.released_cases as n_cases,
    {% for figure in figures -%}
    case when decided.disclosure = 'shown' then {{ released_mean('decided.' ~ figure, 2) }} end
        as {{ figure }},
    {% endfor -%}
    decided.unit_cost_gbp,
    decided.price_base_year,
    decided.is_illustrative,
    decided.status,
    decided.status_reason,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join profiles
