-- What the costs without the programme rest on, by age band and component: the cases costed, the
-- matched cases of either arm, and how much of a group's cost the costliest of its cases gives.
{%- set components = ['referral', 'cin_support', 'cp_support', 'lac_support', 'closure'] %}
with
service_use as (select * from {{ ref('int_service_use') }}),
unit_costs as (select * from {{ ref('int_unit_costs') }}),

groups as (
    {% for name, condition in {
        'costed': 'is_costed',
        'treated': "arm = 'treated' and is_matched",
        'comparator': "arm = 'comparator'"
    }.items() -%}
    select
        *,
        '{{ name }}' as cases
    from service_use
    where age_band is not null and {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

costs as (
    {% for component in components -%}
    select
        groups.study_id,
        groups.cases,
        groups.age_band,
        groups.case_id,
        '{{ component }}' as component,
        groups.weight * groups.{{ component }} * coalesce(unit_costs.unit_cost_gbp, 0) as cost
    from groups
    left join unit_costs
        on
            groups.study_id = unit_costs.study_id
            and groups.age_band = unit_costs.age_band
            and unit_costs.component = '{{ component }}'
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

combined as (
    {% for band in ['age_band', "'all'"] -%}
    {% for component in ['component', "'total'"] -%}
    select
        study_id,
        cases,
        {{ band }} as age_band,
        {{ component }} as component,
        case_id,
        {{ stable_sum('cost') }} as cost
    from costs
    group by
        study_id,
        cases,
        {{ 'age_band,' if band == 'age_band' }}
        {{ 'component,' if component == 'component' }}
        case_id
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

shares as (
    select
        study_id,
        age_band,
        component,
        cases,
        count(*) as n,
        max(cost) / nullif({{ stable_sum('cost') }}, 0) as largest_share
    from combined
    group by study_id, age_band, component, cases
)

select
    study_id,
    age_band,
    component,
    min(n) as fewest_cases,
    max(largest_share) as largest_share
from shares
group by study_id, age_band, component
having count(*) = 3
