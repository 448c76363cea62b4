{#- Casts that give null where a value can't be read. A bare cast would print the value in the logs. -#}

{% macro try_number(text, type) -%}
    {{ return(adapter.dispatch('try_number')(text, type)) }}
{%- endmacro %}

{#- DuckDB would take +-1 as a double. -#}
{% macro duckdb__try_number(text, type) -%}
    {%- if type == 'double' -%}
    case when {{ stated(text) }} not like '+-%' then try_cast({{ stated(text) }} as double) end
    {%- else -%}
    try_cast({{ stated(text) }} as {{ type }})
    {%- endif -%}
{%- endmacro %}

{#- Spark would take 1d and 0x1p3 but no digits parted by _, and no 2.5 as a whole number. -#}
{% macro spark__try_number(text, type) -%}
    {%- set plain = "trim(both ' \\t\\n\\r\\u000b\\u000c' from " ~ trimmed(text) ~ ")" -%}
    {%- set digits = '[0-9]+(_[0-9]+)*' -%}
    {%- set number -%}
    case
        when {{ matches_whole(plain, '[-+]?(' ~ digits ~ '[.]?(' ~ digits ~ ')?|[.]' ~ digits ~ ')([eE][-+]?[0-9]+)?') }}
            then try_cast(replace({{ plain }}, '_', '') as double)
        when {{ matches_whole('lower(' ~ plain ~ ')', '[-+]?(nan|inf|infinity)') }}
            then try_cast(trim(leading '+' from {{ plain }}) as double)
    end
    {%- endset -%}
    {%- if type == 'double' -%}
    {{ number }}
    {%- elif type == 'boolean' -%}
    try_cast({{ stated(text) }} as boolean)
    {%- else -%}
    try_cast(round({{ number }}) as {{ type }})
    {%- endif -%}
{%- endmacro %}

{#- Null for 2.5, which a cast to integer would round. -#}
{% macro try_whole_number(text) -%}
    case
        when {{ try_number(text, 'double') }} = round({{ try_number(text, 'double') }})
            then try_cast({{ try_number(text, 'double') }} as integer)
    end
{%- endmacro %}

{#-
An amount of money in pounds as accounts write it: £1,234.50, -£5, 12.00-, (12.00). A comma that
doesn't part thousands makes it unreadable: 12,50 may be pounds and pence.
-#}
{% macro try_amount(text) -%}
    {%- set plain = "replace(" ~ trimmed(text) ~ ", chr(160), ' ')" -%}
    {%- set digits = '([0-9]{1,3}([, ][0-9]{3})+|[0-9]*)([.][0-9]+)?' -%}
    case
        when {{ matches_whole(plain, '[-+]? *£? *' ~ digits ~ '|£ *[-+]' ~ digits) }}
            or {{ matches_whole(plain, '£? *' ~ digits ~ ' *-|[(] *£? *' ~ digits ~ ' *[)]') }}
            then
                try_cast(nullif(translate({{ plain }}, '£+-(), ', ''), '') as double)
                * case when {{ matches(plain, '[-(]') }} then -1 else 1 end
    end
{%- endmacro %}

{#- A school year as 2015/16, from 2015/16, 2015-16, 2015/2016 or 201516; null unless it spans two years. -#}
{% macro try_school_year(text) -%}
    {%- set year = trimmed(text) -%}
    case
        when {{ matches_whole(year, '20[0-9]{2}[/-]?(20)?[0-9]{2}') }}
            and (try_cast(left({{ year }}, 4) as integer) + 1) % 100
            = try_cast(right({{ year }}, 2) as integer)
            then left({{ year }}, 4) || '/' || right({{ year }}, 2)
    end
{%- endmacro %}

{#- Whether a label calls its row a sum of other rows: Total, Grand total, Sub-total, Totals: -#}
{% macro is_total(label) -%}
    {{ matches_whole(trimmed('lower(coalesce(' ~ label ~ ", ''))"), '(grand |sub[ -]?)?totals?[: ]*') }}
{%- endmacro %}

{#- A date in one of the formats its file declares; placeholders such as 1900-01-01 become null. -#}
{% macro try_date(text, formats) -%}
    {{ return(adapter.dispatch('try_date')(text, formats)) }}
{%- endmacro %}

{#-
The time of day that some systems add is dropped before reading. A year of two digits is only read
where the format allows it: %Y would take 18 for the year 18. Without a digit no text is a date:
DuckDB would take infinity and epoch for one.
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
                and regexp_matches({{ day }}, '{{ '(^|[^0-9])[0-9]{4}([^0-9]|$)' if '%Y' in reading else '[0-9]' }}')
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

{#- The day is told by its shape first: Spark's patterns let more pass. -#}
{% macro spark__try_date(text, formats) -%}
    {%- set without_time = "regexp_replace(" ~ trimmed(text)
        ~ ", '(?d)[ T][0-9]{2}:[0-9]{2}.*\\\\z', '')" -%}
    {%- set day = "trim(both ' \\t\\n\\r\\u000b\\u000c' from " ~ without_time ~ ")" -%}
    {%- set whole_year = "regexp_replace(regexp_replace(regexp_replace(" ~ day
        ~ ", '-([0-9])$', '-0$1'), '-(69|[7-9][0-9])$', '-19$1'), '-([0-6][0-9])$', '-20$1')" -%}
    {%- set declared = "'|' || " ~ formats ~ " || '|' like '%|" -%}
    {%- set patterns = {
        'iso': (day, '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}', 'y-M-d'),
        'dmy': (day, '[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}', 'd/M/y'),
        'mdy': (day, '[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}', 'M/d/y'),
        'dmony': (whole_year, '[0-9]{1,2}-[A-Za-z]{3}-[0-9]{4}', 'd-MMM-y'),
        'mony': (whole_year, '[A-Za-z]{3}-[0-9]{4}', 'MMM-y')
    } -%}
    cast(coalesce(
        {% for format, (value, shape, reading) in patterns.items() -%}
        case
            when {{ declared }}{{ format }}|%' and {{ matches_whole(value, shape) }}
                then try_to_timestamp({{ value }}, '{{ reading }}')
        end,
        {% endfor -%}
        case
            when {{ declared }}excel_serial|%' and {{ matches(without_time, '^[0-9]{5}([.]0)?$') }}
                then cast(date_add(date '1899-12-30', cast(try_cast({{ day }} as double) as integer)) as timestamp)
        end
    ) as date)
{%- endmacro %}

{#-
Values that stand for "no date" in case management systems. Not as a list after `in`: of a long one
DuckDB makes a join, and asks it of every row.
-#}
{% macro is_no_date(text) -%}
    (
        {{ stated(text) }} is null
        or {{ matches(
            'upper(' ~ trimmed(text) ~ ')',
            '^(N/A|#N/A|NA|NULL|NONE|NOT KNOWN|UNKNOWN|-1|#MULTIVALUE)$'
        ) }}
        or {{ matches(
            trimmed(text),
            '^(1900-01-01|9999-12-31|0?1/0?1/1900|31/12/9999|12/31/9999)([ T].*)?$'
        ) }}
    )
{%- endmacro %}

{#-
What nearly every date is, read at little cost: ten characters YYYY-MM-DD between the placeholders,
where the file declares that format. Null says only that the other forms must be tried.
-#}
{% macro plain_date(text, formats) -%}
    {{ return(adapter.dispatch('plain_date')(text, formats)) }}
{%- endmacro %}

{% macro duckdb__plain_date(text, formats) -%}
    case
        when {{ text }} like '____-__-__' and {{ text }} > '1900-01-01' and {{ text }} < '9999-12-31'
            and {{ formats }} like '%iso%'
            then try_cast({{ text }} as date)
    end
{%- endmacro %}

{% macro default__plain_date(text, formats) -%}
    cast(null as date)
{%- endmacro %}

{#- Null for "no date", the date where it can be read, null with a mark in unreadable() where it can't. -#}
{% macro typed_date(column, formats='date_formats') -%}
    case
        when {{ column }} is not null
            then coalesce(
                {{ plain_date(column, formats) }},
                case when not {{ is_no_date(column) }} then {{ try_date(column, formats) }} end
            )
    end
{%- endmacro %}

{#- Dates beside their texts, for records with many: each text is read once (`typed` in unreadable()). -#}
{% macro typed_dates(columns) -%}
    {% for column in columns -%}
    {{ typed_date(column) }} as {{ column }}_typed{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{#- Numbers beside their texts, likewise. -#}
{% macro typed_numbers(columns) -%}
    {% for column, type in columns.items() -%}
    {{ try_number(column, type) }} as {{ column }}_typed{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{#-
The names of the columns whose value is there but can't be read, in the order given; null when all
can. `typed`: values have been read into columns of their own, by typed_dates() and typed_numbers(),
and records of which every value has become one, nearly all, aren't looked at again.
-#}
{% macro unreadable(dates=[], numbers={}, date_lists=[], typed=false) -%}
    {%- set lost, told = [], [] -%}
    {%- for column in dates -%}
    {%- set value = column ~ '_typed' if typed else typed_date(column) -%}
    {%- do lost.append('(' ~ column ~ ' is not null and ' ~ value ~ ' is null)') -%}
    {%- do told.append(
        (column, column ~ ' is not null and ' ~ value ~ ' is null and not ' ~ is_no_date(column))
    ) -%}
    {%- endfor -%}
    {%- for column in date_lists -%}
    {%- set lists = any_item(
        column,
        "coalesce(list_separator, ';')",
        typed_date('item') ~ ' is null and not ' ~ is_no_date('item')
    ) -%}
    {%- do lost.append('(' ~ column ~ ' is not null and ' ~ lists ~ ')') -%}
    {%- do told.append((column, column ~ ' is not null and ' ~ lists)) -%}
    {%- endfor -%}
    {%- for column, type in numbers.items() -%}
    {%- set value = column ~ '_typed' if typed else try_number(column, type) -%}
    {%- do lost.append('(' ~ column ~ ' is not null and ' ~ value ~ ' is null)') -%}
    {%- do told.append((column, stated(column) ~ ' is not null and ' ~ value ~ ' is null')) -%}
    {%- endfor -%}
    {{ 'case when ' ~ lost | join(' or ') ~ ' then ' if typed }}nullif(concat_ws(
        ', '
        {%- for column, condition in told %},
        case when {{ condition }} then '{{ column }}' end
        {%- endfor %}
    ), ''){{ ' end' if typed }}
{%- endmacro %}

{#- Puts values into one text in a stated order, so that every engine gives the same text. -#}
{% macro ordered_list(expression, order_by, separator='|') -%}
    {{ return(adapter.dispatch('ordered_list')(expression, order_by, separator)) }}
{%- endmacro %}

{% macro duckdb__ordered_list(expression, order_by, separator) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro default__ordered_list(expression, order_by, separator) -%}
    {%- set value = expression | replace('distinct ', '') -%}
    {%- set collect = 'collect_set' if value != expression else 'collect_list' -%}
    nullif(array_join(
        transform(
            array_sort({{ collect }}(struct({{ order_by }} as k, {{ value }} as v))), x -> x.v
        ),
        '{{ separator }}'
    ), '')
{%- endmacro %}

{#- A sum that doesn't depend on the order in which threads deliver rows: addends in ascending order. -#}
{% macro stable_sum(expression) -%}
    {{ return(adapter.dispatch('stable_sum')(expression)) }}
{%- endmacro %}

{% macro duckdb__stable_sum(expression) -%}
    sum({{ expression }} order by {{ expression }})
{%- endmacro %}

{% macro default__stable_sum(expression) -%}
    case
        when count({{ expression }}) > 0
            then aggregate(
                array_sort(collect_list(cast({{ expression }} as double))),
                cast(0 as double),
                (a, b) -> a + b
            )
    end
{%- endmacro %}
