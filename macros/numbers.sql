{#- Arithmetic in one place, because engines differ. -#}

{#-
A double to so many decimals, tens with -1. The last digit is told by the double that its multiple
by a power of ten is, as DuckDB does it: Spark tells it by the number as it is written, and gives
0.29 for 0.285, which is a little less than that.
-#}
{% macro rounded(number, decimals) -%}
    {{ return(adapter.dispatch('rounded')(number, decimals)) }}
{%- endmacro %}

{% macro duckdb__rounded(number, decimals) -%}
    round({{ number }}, {{ decimals }})
{%- endmacro %}

{% macro spark__rounded(number, decimals) -%}
    {%- if decimals < 0 -%}
    round({{ number }} / 1e{{ -decimals }}) * 1e{{ -decimals }}
    {%- else -%}
    round({{ number }} * 1e{{ decimals }}) / 1e{{ decimals }}
    {%- endif -%}
{%- endmacro %}
