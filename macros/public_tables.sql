{#-
What the property files say of the public models, as rows: table, contract, grain, description.
-#}

{#- The public models of the graph in the order of their names; the folder that publishing puts them
in is told by the name. Empty while dbt only parses. -#}
{% macro public_tables() -%}
    {%- set rows = [] -%}
    {%- if execute -%}
        {%- for model in graph.nodes.values() | sort(attribute='name')
            if model.resource_type == 'model' and model.config.access == 'public' -%}
            {%- do rows.append({
                'table_name': model.name,
                'folder': 'release' if model.name.startswith('rpt_') else 'analyst',
                'contract_version': model.config.meta.get('contract_version', '1.0') | string,
                'grain': model.config.meta.get('grain', []) | join(', '),
                'description': model.description | trim,
                'n_columns': model.columns | length + 1
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(rows) }}
{%- endmacro %}

{#- A text as a SQL literal; Spark reads a backslash as the beginning of something. -#}
{% macro text_literal(text) -%}
    {%- set text = text | replace('\\', '\\\\') if target.type == 'spark' else text -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(text)) }}
{%- endmacro %}
