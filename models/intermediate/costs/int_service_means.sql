-- Mean use of each kind of social care per case, by age band: of the cases costed, and what the
-- authority would have given them. The matched arms' difference is the programme's effect, and is
-- taken to hold for unmatched cases too (FACT22 report, appendix 10, assumption 4).
with
service_use as (select * from {{ ref('int_service_use') }}),

by_component as (
    {% for component in ['referral', 'cin_support', 'cp_support', 'lac_support', 'closure'] -%}
    select
        study_id,
        age_band,
        '{{ component }}' as component,
        arm,
        weight,
        is_matched,
        is_costed,
        weight * cast({{ component }} as double) as amount
    from service_use
    where age_band is not null
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

averaged as (
    select
        study_id,
        age_band,
        {% for group, condition in {
            'costed': 'is_costed',
            'treated': "arm = 'treated' and is_matched",
            'comparator': "arm = 'comparator'"
        }.items() -%}
        {{ stable_sum('case when ' ~ condition ~ ' then amount end') }}
        / nullif({{ stable_sum('case when ' ~ condition ~ ' then weight end') }}, 0)
            as mean_{{ group }},
        {% endfor -%}
        component
    from by_component
    group by
        study_id,
        age_band,
        component
)

select
    study_id,
    age_band,
    component,
    mean_costed,
    mean_treated,
    mean_comparator,
    mean_costed - (mean_treated - mean_comparator) as mean_without
from averaged
