-- Who was recommended for a trial, left and is analysed, where the counts may be shown and don't
-- give away how few left.
with
facts as (select * from {{ ref('fct_trial_flow') }}),
cells as (select * from {{ ref('int_release_trial_flow') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }})

select
    facts.study_id,
    facts.step_order,
    facts.step,
    facts.arm,
    cast(families.released as bigint) as n_families,
    cast(children.released as bigint) as n_children,
    facts.reason,
    {{ release_tail(
        "coalesce(
            nullif(families.disclosure, 'shown'), nullif(children.disclosure, 'shown'), 'shown'
        )",
        'coalesce(families.disclosure_reason, children.disclosure_reason)'
    ) }}
from facts
cross join profiles
{% for unit in ['families', 'children'] -%}
inner join cells as cells_of_{{ unit }}
    on
        facts.study_id = cells_of_{{ unit }}.study_id
        and facts.arm = cells_of_{{ unit }}.arm
        and facts.step = cells_of_{{ unit }}.step
        and cells_of_{{ unit }}.unit = '{{ unit }}'
inner join decisions as {{ unit }}
    on facts.study_id = {{ unit }}.scope and cells_of_{{ unit }}.cell_id = {{ unit }}.cell_id
{% endfor -%}
