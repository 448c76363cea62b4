{#- Calendar arithmetic in one place, because engines differ: see docs/traps_first.md. -#}

{% macro days_between(first, second) -%}
    {{ return(adapter.dispatch('days_between')(first, second)) }}
{%- endmacro %}

{% macro duckdb__days_between(first, second) -%}
    date_diff('day', {{ first }}, {{ second }})
{%- endmacro %}

{% macro default__days_between(first, second) -%}
    datediff({{ second }}, {{ first }})
{%- endmacro %}

{% macro add_months(date, months) -%}
    {{ return(adapter.dispatch('add_months')(date, months)) }}
{%- endmacro %}

{#- Clamps to the month's end: 31 August less six months is 28 February. -#}
{% macro duckdb__add_months(date, months) -%}
    cast({{ date }} + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{% macro default__add_months(date, months) -%}
    add_months({{ date }}, cast(bround({{ months }}) as integer))
{%- endmacro %}

{#- At most so many months before or after the anchor, both ends included. -#}
{% macro within_months(date, anchor, months) -%}
    {{ date }} between {{ add_months(anchor, '-' ~ months) }} and {{ add_months(anchor, months) }}
{%- endmacro %}

{#- Months from the month of one date to the month of another, whatever the days. -#}
{% macro calendar_months(first, second) -%}
    (
        (extract(year from {{ second }}) - extract(year from {{ first }})) * 12
        + extract(month from {{ second }}) - extract(month from {{ first }})
    )
{%- endmacro %}

{#- Whole months from one date to another, counted on the calendar. -#}
{% macro completed_months(first, second) -%}
    (
        {{ calendar_months(first, second) }}
        - case when extract(day from {{ second }}) < extract(day from {{ first }}) then 1 else 0 end
    )
{%- endmacro %}

{#- Whole years, by the birthday: days / 365.25 puts four birthdays in ten on the wrong day. -#}
{% macro completed_years(first, second) -%}
    cast(floor({{ completed_months(first, second) }} / 12.0) as integer)
{%- endmacro %}

{#- The end of a window of so many months: by the calendar, or 365 days a year. -#}
{% macro window_end(date, months, year_mode) -%}
    case
        when {{ year_mode }} = '365d'
            then cast({{ dbt.dateadd('day', 'cast(round(' ~ months ~ ' * 365 / 12.0) as integer)', date) }} as date)
        else {{ add_months(date, months) }}
    end
{%- endmacro %}
