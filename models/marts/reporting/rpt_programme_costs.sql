-- What a programme cost. Sums of money are an organisation's and no child's; costs per case are
-- over the number of cases as released, and only where that is shown.
with
costs as (select * from {{ ref('fct_programme_costs') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

decided as (
    select
        costs.*,
        cases.released as released_cases,
        {{ figure_disclosure('costs.status', 'cases', is_enough('costs.n_cases')) }} as disclosure,
        {{ figure_reason(
            'costs.status', 'costs.status_reason', 'cases', is_enough('costs.n_cases')
        ) }} as disclosure_reason
    from costs
    left join decisions as cases
        on costs.study_id = cases.scope and cases.cell_id = 'costs/programme/cases'
    cross join profiles
)

select
    decided.study_id,
    decided.cost_category,
    decided.category_order,
    decided.label,
    decided.nominal_gbp,
    decided.real_gbp,
    decided.price_base_year,
    decided.cost_denominator,
    decided.released_cases as n_cases,
    {{ shown('decided.case_weeks', "decided.disclosure = 'shown'") }},
    case
        when decided.disclosure = 'shown'
            then decided.real_gbp / nullif(decided.released_cases, 0)
    end as cost_per_case,
    {{ shown('decided.cost_per_case_week', "decided.disclosure = 'shown'") }},
    decided.share_of_total,
    decided.is_illustrative,
    decided.status,
    {{ without_numbers('decided.status_reason') }} as status_reason,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join profiles
