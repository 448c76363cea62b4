{%- set columns = {
    'children': [
        'upn', 'birth_date', 'expected_birth_date', 'death_date', 'sex_code', 'ethnicity_code'
    ],
    'episodes': ['is_nfa', 'close_date', 'close_reason_code', 'primary_need_code']
} -%}
{%- set days = {'assessments': 'start_date', 'cin_plans': 'end_date', 'cp_plans': 'end_date'} -%}
-- The columns that rules need and that a file says something in. Every file of a census return
-- carries all of them, empty or not.
with
children as (select * from {{ ref('int_judged_children') }}),
episodes as (select * from {{ ref('int_judged_episodes') }}),
activities as (select * from {{ ref('int_judged_activities') }}),
files as (select * from {{ ref('int_judged_files') }}),
requirements as (select * from {{ ref('cin_rule_requirements') }}),

given as (
    {% for kind, names in columns.items() -%}
    {% for name in names -%}
    select distinct
        la_code,
        delivery,
        file_key,
        '{{ kind }}' as record_kind,
        '{{ name }}' as column_name
    from {{ kind }}
    where {{ name }} is not null
    union all
    {% endfor -%}
    {% endfor -%}
    {% for kind, name in days.items() -%}
    select distinct
        la_code,
        delivery,
        file_key,
        record_kind,
        '{{ name }}' as column_name
    from activities
    where record_kind = '{{ kind }}' and {{ name }} is not null
    union all
    {% endfor -%}
    select distinct
        la_code,
        delivery,
        file_key,
        'children' as record_kind,
        'disability_codes' as column_name
    from children
    where n_disability_codes > 0
    union all
    select distinct
        la_code,
        delivery,
        file_key,
        'conferences' as record_kind,
        'icpc_date' as column_name
    from activities
    where icpc_date is not null
)

select * from given
union
select distinct
    files.la_code,
    files.delivery,
    files.file_key,
    requirements.record_kind,
    requirements.column_name
from files
cross join requirements
where files.format = 'cin_census'
