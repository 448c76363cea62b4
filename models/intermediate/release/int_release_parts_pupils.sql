-- The counts of pupils and of children with a questionnaire, each step of the flow within the one
-- before it, and what it leaves: those of one step and not of the next.
{%- set steps = {
    'of_school_age': 'allocated',
    'without_objection': 'of_school_age',
    'linked': 'without_objection',
    'linked_primary': 'linked',
    'linked_secondary': 'linked'
} %}
with
flow as (select * from {{ ref('fct_attendance_flow') }}),

scales as (
    {% for arm in ['treated', 'comparator'] -%}
    select
        study_id,
        '{{ arm }}' as arm,
        scale,
        n_{{ arm }} as n,
        max(n_{{ arm }}) over (partition by study_id) as n_answered
    from {{ ref('fct_sdq_comparison') }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select {{ release_lone(
    'study_id', "'attendance/' || step || '/' || arm", 'n_children', priority=6
) }}
from flow
{% for part, whole in steps.items() -%}
union all
select {{ release_part(
    'wholes.study_id',
    "'attendance/" ~ ('linked/by_school' if part in ['linked_primary', 'linked_secondary'] else part)
    ~ "/' || wholes.arm || '/of_" ~ whole ~ "'",
    "'attendance/" ~ whole ~ "/' || wholes.arm", 'wholes.n_children',
    "'attendance/" ~ part ~ "/' || parts.arm", 'parts.n_children', whole_priority=6,
    part_priority=6
) }}
from flow as wholes
inner join flow as parts using (study_id, arm)
where wholes.step = '{{ whole }}' and parts.step = '{{ part }}'
{% endfor -%}
union all
select {{ release_part(
    'study_id', "'sdq/' || scale || '/' || arm || '/of_answered'", "'sdq/answered/' || arm",
    'n_answered', "'sdq/' || scale || '/' || arm", 'n', part_priority=6
) }}
from scales
