{#- Casts that give null where a value can't be read. A bare cast would print the value in the logs. -#}

{% macro try_number(text, type) -%}
    try_cast(nullif(trim({{ text }}), '') as {{ type }})
{%- endmacro %}

{#- Null for 2.5, which a cast to integer would round. -#}
{% macro try_whole_number(text) -%}
    case
        when {{ try_number(text, 'double') }} = floor({{ try_number(text, 'double') }})
            then try_cast({{ try_number(text, 'double') }} as integer)
    end
{%- endmacro %}

{#- An amount of money in pounds as accounts write it: £1,234.50, -£5, 12.00-, (12.00). -#}
{% macro try_amount(text) -%}
    {{ return(adapter.dispatch('try_amount')(text)) }}
{%- endmacro %}

{#- A comma that doesn't part thousands makes it unreadable: 12,50 may be pounds and pence. -#}
{% macro duckdb__try_amount(text) -%}
    {%- set plain = "replace(trim(" ~ text ~ "), chr(160), ' ')" -%}
    {%- set digits = '([0-9]{1,3}([, ][0-9]{3})+|[0-9]*)([.][0-9]+)?' -%}
    case
        when regexp_full_match({{ plain }}, '[-+]? *£? *{{ digits }}|£ *[-+]{{ digits }}')
            or regexp_full_match({{ plain }}, '£? *{{ digits }} *-|[(] *£? *{{ digits }} *[)]')
            then
                try_cast(regexp_replace({{ plain }}, '[^0-9.]', '', 'g') as double)
                * case when regexp_matches({{ plain }}, '[-(]') then -1 else 1 end
    end
{%- endmacro %}

{#- A school year as 2015/16, from 2015/16, 2015-16, 2015/2016 or 201516; null unless it spans two years. -#}
{% macro try_school_year(text) -%}
    {{ return(adapter.dispatch('try_school_year')(text)) }}
{%- endmacro %}

{% macro duckdb__try_school_year(text) -%}
    {%- set year = "trim(" ~ text ~ ")" -%}
    case
        when regexp_full_match({{ year }}, '20[0-9]{2}[/-]?(20)?[0-9]{2}')
            and (try_cast({{ year }}[:4] as integer) + 1) % 100 = try_cast({{ year }}[-2:] as integer)
            then {{ year }}[:4] || '/' || {{ year }}[-2:]
    end
{%- endmacro %}

{#- Whether a label calls its row a sum of other rows: Total, Grand total, Sub-total, Totals: -#}
{% macro is_total(label) -%}
    regexp_full_match(trim(lower(coalesce({{ label }}, ''))), '(grand |sub[ -]?)?totals?[: ]*')
{%- endmacro %}

{#- A date in one of the formats its file declares; placeholders such as 1900-01-01 become null. -#}
{% macro try_date(text, formats) -%}
    {{ return(adapter.dispatch('try_date')(text, formats)) }}
{%- endmacro %}

{#-
The time of day that some systems add is dropped before reading. A year of two digits is only read
where the format allows it: %Y would take 18 for the year 18.
-#}
{% macro duckdb__try_date(text, formats) -%}
    {%- set day = "regexp_replace(trim(" ~ text ~ "), '[ T][0-9]{2}:[0-9]{2}.*$', '')" -%}
    {%- set declared = "'|' || " ~ formats ~ " || '|' like '%|" -%}
    {%- set patterns = {
        'iso': ['%Y-%m-%d'],
        'dmy': ['%d/%m/%Y'],
        'mdy': ['%m/%d/%Y'],
        'dmony': ['%d-%b-%Y', '%d-%b-%y'],
        'mony': ['%b-%Y', '%b-%y']
    } -%}
    coalesce(
        {% for format, readings in patterns.items() -%}
        {% for reading in readings -%}
        case
            when {{ declared }}{{ format }}|%'
                {{ "and regexp_matches(" ~ day ~ ", '(^|[^0-9])[0-9]{4}([^0-9]|$)')" if '%Y' in reading }}
                then try_strptime({{ day }}, '{{ reading }}')
        end,
        {% endfor -%}
        {% endfor -%}
        case
            when {{ declared }}excel_serial|%' and regexp_matches({{ day }}, '^[0-9]{5}([.]0)?$')
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
