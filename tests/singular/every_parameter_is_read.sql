-- A parameter that int_study_parameters doesn't type would be a switch that switches nothing.
{{ config(group = 'warehouse') }}
{%- set typed_parameters = ref('int_study_parameters') -%}
{%- set columns = adapter.get_columns_in_relation(typed_parameters) if execute else [] %}
select parameter_id
from {{ ref('parameters') }}
where
    parameter_id not in (
        {% for column in columns -%}
        '{{ column.name }}',
        {% endfor -%}
        ''
    )
