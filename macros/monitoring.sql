{#- Rules and shapes that the monitoring tables share. -#}

{#- The first and the last day of the financial year that ends in a year. -#}
{% macro year_start(year) -%}
    {{ return(adapter.dispatch('year_start')(year)) }}
{%- endmacro %}

{% macro duckdb__year_start(year) -%}
    make_date(cast({{ year }} - 1 as integer), 4, 1)
{%- endmacro %}

{% macro default__year_start(year) -%}
    make_date({{ year }} - 1, 4, 1)
{%- endmacro %}

{% macro year_end(year) -%}
    {{ return(adapter.dispatch('year_end')(year)) }}
{%- endmacro %}

{% macro duckdb__year_end(year) -%}
    make_date(cast({{ year }} as integer), 3, 31)
{%- endmacro %}

{% macro default__year_end(year) -%}
    make_date({{ year }}, 3, 31)
{%- endmacro %}

{#- A day so many days later. -#}
{% macro add_days(day, days) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}

{#- Whether the time from one day to another is in a duration band; months are the calendar's. -#}
{% macro is_in_duration_band(first, last, band) -%}
    {%- set from_day = add_months(first, band ~ '.from_months') -%}
    {%- set to_day = add_months(first, band ~ '.to_months') -%}
    (
        {{ band }}.from_months is null
        or {{ last }} > {{ from_day }}
        or ({{ band }}.is_from_included and {{ last }} = {{ from_day }})
    )
    and (
        {{ band }}.to_months is null
        or {{ last }} < {{ to_day }}
        or ({{ band }}.is_to_included and {{ last }} = {{ to_day }})
    )
{%- endmacro %}

{#-
Age in completed years on a day, -1 for the unborn. A due date that has passed without a birth date
says no age.
-#}
{% macro age_on(day, birth_date, expected_birth_date) -%}
    {%- set born -%}
        coalesce({{ birth_date }}, case when {{ expected_birth_date }} > {{ day }} then {{ expected_birth_date }} end)
    {%- endset -%}
    {{ completed_years(born, day) }}
{%- endmacro %}

{#- What measures are broken down by, besides their total. -#}
{% macro monitoring_breakdowns() -%}
    {{ return([
        'source', 'month', 'definition', 'duration', 'age', 'primary_need', 'closure_reason',
        'factor', 'category'
    ]) }}
{%- endmacro %}

{#-
The things that one measure counts, a row each, with the level it has in each breakdown; null where
the measure isn't broken down so. `of_children` counts each child once a year.
-#}
{% macro counted(measure, relation, year, condition='true', levels={}, of_children=false) -%}
    select {{ 'distinct' if of_children }}
        la_code,
        cast({{ year }} as integer) as year,
        '{{ measure }}' as measure,
        {% if of_children %}child_id{% else %}cast(null as string){% endif %} as child_id,
        {%- for breakdown in monitoring_breakdowns() %}
        cast({{ levels.get(breakdown, 'null') }} as string) as {{ breakdown }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    where {{ condition }}
{%- endmacro %}
