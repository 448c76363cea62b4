{#- A number cut off after so many decimals, towards zero. 8 computed as 7.999999999999 stays 8. -#}
{% macro truncated(value, decimals=0) -%}
    sign({{ value }}) * floor(abs({{ value }}) * {{ 10 ** decimals }} + 1e-9) / {{ 10 ** decimals }}
{%- endmacro %}
