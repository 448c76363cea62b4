{#-
What a shared warehouse needs beside builds: dbt run-operation forget_earlier_builds --target shared
-#}

{#- Deletes every earlier state of the tables, as after the withdrawal of a child's records. -#}
{% macro forget_earlier_builds() -%}
    {%- if execute -%}
        {%- set query = 'select csc_forget_earlier_builds()' -%}
        {%- do log(run_query(query).columns[0].values()[0], info=true) -%}
    {%- endif -%}
{%- endmacro %}
