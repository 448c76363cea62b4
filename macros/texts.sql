{#- Texts, in one place because engines differ: what a space is, how a pattern is asked for, lists. -#}

{#- A text without the spaces around it, of any width. -#}
{% macro trimmed(text) -%}
    {{ return(adapter.dispatch('trimmed')(text)) }}
{%- endmacro %}

{% macro duckdb__trimmed(text) -%}
    trim({{ text }})
{%- endmacro %}

{#- Spark's own trim() leaves the no-break space, which spreadsheets put there. -#}
{% macro spark__trimmed(text) -%}
    {%- set widths = '\\u2000\\u2001\\u2002\\u2003\\u2004\\u2005\\u2006\\u2007\\u2008\\u2009\\u200a' -%}
    trim(both ' \u00a0\u1680{{ widths }}\u202f\u205f\u3000' from {{ text }})
{%- endmacro %}

{#- A text without the spaces around it; null where nothing is left. -#}
{% macro stated(text) -%}
    nullif({{ trimmed(text) }}, '')
{%- endmacro %}

{#- Whether a pattern is found anywhere in a text. No backslashes in patterns: Spark reads them twice. -#}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{#- In Java a $ also stands before a line's end that ends the text, and there are more line ends. -#}
{% macro spark__matches(text, pattern) -%}
    {%- set end = pattern.endswith('$') -%}
    {{ text }} rlike '(?d){{ pattern[:-1] if end else pattern }}{{ "\\\\z" if end }}'
{%- endmacro %}

{#- Whether a text is what a pattern says from its first to its last character. -#}
{% macro matches_whole(text, pattern) -%}
    {{ return(adapter.dispatch('matches_whole')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches_whole(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches_whole(text, pattern) -%}
    {{ matches(text, '^(' ~ pattern ~ ')$') }}
{%- endmacro %}

{#- One row for each of the values that a text lists between separators. -#}
{% macro each_of(text, separator="'|'") -%}
    {{ return(adapter.dispatch('each_of')(text, separator)) }}
{%- endmacro %}

{% macro duckdb__each_of(text, separator) -%}
    unnest(string_split({{ text }}, {{ separator }}))
{%- endmacro %}

{% macro spark__each_of(text, separator) -%}
    explode(split({{ text }}, '\\Q' || {{ separator }} || '\\E'))
{%- endmacro %}

{#- Whether a condition holds for any `item` that a text lists between separators. -#}
{% macro any_item(text, separator, condition) -%}
    {{ return(adapter.dispatch('any_item')(text, separator, condition)) }}
{%- endmacro %}

{% macro duckdb__any_item(text, separator, condition) -%}
    len(list_filter(string_split({{ text }}, {{ separator }}), lambda item: {{ condition }})) > 0
{%- endmacro %}

{% macro spark__any_item(text, separator, condition) -%}
    exists(split({{ text }}, '\\Q' || {{ separator }} || '\\E'), item -> {{ condition }})
{%- endmacro %}

{#-
A double as text, as DuckDB writes it: 12345678.0, 1e+16, 1.5e-05. Spark has powers of ten from ten
million up and below a thousandth, written 1.5E-5.
-#}
{% macro number_text(number) -%}
    {{ return(adapter.dispatch('number_text')(number)) }}
{%- endmacro %}

{% macro duckdb__number_text(number) -%}
    cast({{ number }} as string)
{%- endmacro %}

{% macro spark__number_text(number) -%}
    case
        when abs({{ number }}) >= 0.0001 and abs({{ number }}) < 1e16
            then regexp_replace(
                cast(cast({{ number }} as decimal(38, 21)) as string), '([.][0-9]+?)0+$', '$1'
            )
        else regexp_replace(regexp_replace(regexp_replace(
            lower(cast({{ number }} as string)), '[.]0e', 'e'
        ), 'e([0-9])', 'e+$1'), 'e-([0-9])$', 'e-0$1')
    end
{%- endmacro %}
