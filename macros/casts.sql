{#- Casts that give null where a value can't be read. A bare cast would print the value in the logs. -#}

{% macro try_number(text, type) -%}
    try_cast(nullif(trim({{ text }}), '') as {{ type }})
{%- endmacro %}

{#- A date in one of the formats its file declares; placeholders such as 1900-01-01 become null. -#}
{% macro try_date(text, formats) -%}
    {{ return(adapter.dispatch('try_date')(text, formats)) }}
{%- endmacro %}

{#- The time of day that some systems add is dropped before reading. -#}
{% macro duckdb__try_date(text, formats) -%}
    {%- set day = "regexp_replace(trim(" ~ text ~ "), '[ T][0-9]{2}:[0-9]{2}.*$', '')" -%}
    coalesce(
        case when {{ formats }} like '%iso%' then try_strptime({{ day }}, '%Y-%m-%d') end,
        case when {{ formats }} like '%dmy%' then try_strptime({{ day }}, '%d/%m/%Y') end,
        case when {{ formats }} like '%mdy%' then try_strptime({{ day }}, '%m/%d/%Y') end,
        case
            when {{ formats }} like '%dmony%'
                then coalesce(try_strptime({{ day }}, '%d-%b-%Y'), try_strptime({{ day }}, '%d-%b-%y'))
        end,
        case
            when {{ formats }} like '%excel_serial%' and regexp_matches({{ day }}, '^[0-9]{5}([.]0)?$')
                then cast(date '1899-12-30' + cast(try_cast({{ day }} as double) as integer) as timestamp)
        end
    )::date
{%- endmacro %}

{#- Values that stand for "no date" in case management systems. -#}
{% macro is_no_date(text) -%}
    (
        nullif(trim({{ text }}), '') is null
        or upper(trim({{ text }})) in (
            'N/A', '#N/A', 'NA', 'NULL', 'NONE', 'NOT KNOWN', 'UNKNOWN', '-1', '#MULTIVALUE'
        )
        or regexp_matches(trim({{ text }}), '^(1900-01-01|9999-12-31|0?1/0?1/1900|31/12/9999|12/31/9999)([ T].*)?$')
    )
{%- endmacro %}

{#- Null for "no date", the date where it can be read, null with a mark in unreadable() where it can't. -#}
{% macro typed_date(column, formats='date_formats') -%}
    case when not {{ is_no_date(column) }} then {{ try_date(column, formats) }} end
{%- endmacro %}

{#- The names of the columns whose value is there but can't be read, in the order given; null when all can. -#}
{% macro unreadable(dates=[], numbers={}, date_lists=[]) -%}
    nullif(concat_ws(
        ', '
        {%- for column in dates %},
        case when not {{ is_no_date(column) }} and {{ try_date(column, 'date_formats') }} is null then '{{ column }}' end
        {%- endfor %}
        {%- for column in date_lists %},
        case
            when len(list_filter(
                string_split({{ column }}, coalesce(list_separator, ';')),
                lambda item: not {{ is_no_date('item') }} and {{ try_date('item', 'date_formats') }} is null
            )) > 0 then '{{ column }}'
        end
        {%- endfor %}
        {%- for column, type in numbers.items() %},
        case when nullif(trim({{ column }}), '') is not null and {{ try_number(column, type) }} is null then '{{ column }}' end
        {%- endfor %}
    ), '')
{%- endmacro %}

{#- Puts values into one text in a stated order, so that every engine gives the same text. -#}
{% macro ordered_list(expression, order_by, separator='|') -%}
    {{ return(adapter.dispatch('ordered_list')(expression, order_by, separator)) }}
{%- endmacro %}

{% macro duckdb__ordered_list(expression, order_by, separator) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro default__ordered_list(expression, order_by, separator) -%}
    array_join(
        transform(array_sort(collect_list(struct({{ order_by }} as k, {{ expression }} as v))), x -> x.v),
        '{{ separator }}'
    )
{%- endmacro %}

{#- A sum that doesn't depend on the order in which threads deliver rows: addends in ascending order. -#}
{% macro stable_sum(expression) -%}
    {{ return(adapter.dispatch('stable_sum')(expression)) }}
{%- endmacro %}

{% macro duckdb__stable_sum(expression) -%}
    sum({{ expression }} order by {{ expression }})
{%- endmacro %}

{% macro default__stable_sum(expression) -%}
    aggregate(array_sort(collect_list({{ expression }})), cast(0 as double), (a, b) -> a + b)
{%- endmacro %}
