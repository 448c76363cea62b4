{%- set tables = {
    'children': 'std_child_records',
    'disabilities': 'std_disability_records',
    'episodes': 'std_cin_episode_records',
    'cin_spells': 'std_cin_spell_records',
    'assessments': 'std_assessment_records',
    'cin_plans': 'std_cin_plan_records',
    'section_47s': 'std_section_47_records',
    'cp_plans': 'std_cp_plan_records',
    'cp_reviews': 'std_cp_review_records',
    'care_episodes': 'std_care_episode_records'
} -%}
-- What each delivery of returns says of each child, plan, enquiry and so on, whatever became of the
-- record: one hash, so that deliveries can be compared.
with
records as (
    {% for holds, table in tables.items() -%}
    select
        la_code,
        '{{ holds }}' as table_name,
        child_id,
        {{ "child_id" if holds == 'children' else "record_key" }} as record_key,
        record_hash,
        delivery
    from {{ ref(table) }}
    where child_id is not null
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    la_code,
    table_name,
    delivery,
    child_id,
    md5(concat_ws('|', la_code, table_name, record_key)) as record_id,
    md5({{ ordered_list('distinct record_hash', 'record_hash') }}) as content
from records
group by la_code, table_name, delivery, child_id, record_key
