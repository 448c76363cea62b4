{%- set figures = [
    'cost_per_case_without', 'cost_per_case_week_with', 'cost_per_case_week_without',
    'roi_as_printed', 'saving_ratio'
] -%}
-- What the programme cost beside what its cases would have cost without it, where both may be
-- released.
with
returns as (select * from {{ ref('fct_return_on_investment') }}),

programme as (
    select * from {{ ref('rpt_programme_costs') }}
    where cost_category = 'total'
),

counterfactual as (
    select * from {{ ref('rpt_counterfactual_costs') }}
    where age_band = 'all' and component = 'total'
),

decided as (
    select
        returns.*,
        programme.cost_per_case as released_with,
        case
            when returns.status != 'ok' then 'x'
            else
                coalesce(
                    nullif(programme.disclosure, 'shown'), counterfactual.disclosure, 'c'
                )
        end as disclosure,
        case
            when returns.status != 'ok' then {{ without_numbers('returns.status_reason') }}
            else coalesce(programme.disclosure_reason, counterfactual.disclosure_reason)
        end as disclosure_reason
    from returns
    left join programme using (study_id)
    left join counterfactual using (study_id)
)

select
    decided.study_id,
    decided.price_base_year,
    case when decided.disclosure = 'shown' then decided.released_with end as cost_per_case_with,
    {% for figure in figures -%}
    case when decided.disclosure = 'shown' then {{ released_mean('decided.' ~ figure, 2) }} end
        as {{ figure }},
    {% endfor -%}
    decided.is_illustrative,
    decided.status,
    {{ without_numbers('decided.status_reason') }} as status_reason,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join {{ ref('int_release_profile') }} as profiles
