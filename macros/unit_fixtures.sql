{#-
Rows of unit tests on Spark: one list of values, which Spark plans as one table. dbt's own form, a
union of one query a row, makes it plan and run each row for itself, half a minute a test. Every
value is written as text and cast to its column's type.
-#}

{% macro get_fixture_sql(rows, column_name_to_data_types) -%}
    {%- if target.type != 'spark' or not rows -%}
        {{ return(dbt.get_fixture_sql(rows, column_name_to_data_types)) }}
    {%- endif -%}
    {%- set types = column_name_to_data_types or {} -%}
    {%- if not types -%}
        {%- for column in adapter.get_columns_in_relation(this) -%}
            {%- do types.update({column.name | lower: column.data_type}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set named = listed_columns(rows, types) -%}
    {{ listed_rows(rows, types, named, types) }}
{%- endmacro %}

{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) -%}
    {%- if target.type != 'spark' or not rows -%}
        {{ return(dbt.get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted)) }}
    {%- endif -%}
    {%- set named = listed_columns(rows, column_name_to_data_types) -%}
    {{ listed_rows(rows, column_name_to_data_types, named, named) }}
{%- endmacro %}

{#- The columns that the rows name, which must be the model's. -#}
{% macro listed_columns(rows, types) -%}
    {%- set named = [] -%}
    {%- for row in rows -%}
        {%- for column in row if column | lower not in named -%}
            {%- if column | lower not in types -%}
                {%- do exceptions.raise_compiler_error('No such column: ' ~ column) -%}
            {%- endif -%}
            {%- do named.append(column | lower) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(named) }}
{%- endmacro %}

{% macro listed_rows(rows, types, named, selected) -%}
select
    {%- for column in selected %}
    cast({{ '`' ~ column ~ '`' if column in named else 'null' }} as {{ types[column] }})
        as `{{ column }}`
    {{- ',' if not loop.last }}
    {%- endfor %}
from values
    {%- for row in rows %}
    {%- set cells = {} %}
    {%- for column, value in row.items() -%}
        {%- do cells.update({column | lower: value}) -%}
    {%- endfor %}
    (
        {%- for column in named -%}
        {%- set value = cells.get(column) -%}
        {{ 'null' if value is none else text_literal(value | string) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    ){{ ',' if not loop.last }}
    {%- endfor %}
    as fixture (`{{ named | join('`, `') }}`)
{%- endmacro %}
