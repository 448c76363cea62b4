{#-
What dbt-spark does in another way here: tables are Parquet files in a folder that DuckDB reads too,
contracts speak of DuckDB's types, and a seed's empty cells are nulls. See docs/spark.md.
-#}

{#- Python models are fitted by DuckDB before the run; here they only have to be there. -#}
{% materialization table, adapter='spark', supported_languages=['sql', 'python'] %}
    {{ return(spark_table()) }}
{% endmaterialization %}

{#- A table too: DuckDB can't read Spark's views, and Spark would plan them anew at each use. -#}
{% materialization view, adapter='spark' %}
    {{ return(spark_table()) }}
{% endmaterialization %}

{% macro spark_table() -%}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- if model.language == 'python' -%}
        {%- if existing is none -%}
            {%- do exceptions.raise_compiler_error(
                'Spark fits no Python models; `csc spark-build` has DuckDB fit them in between'
            ) -%}
        {%- endif -%}
        {%- call noop_statement('main', 'fitted by DuckDB') -%}{%- endcall -%}
    {%- else -%}
        {{ run_hooks(pre_hooks) }}
        {%- do drop_relation_if_exists(existing) -%}
        {%- call statement('main') -%}
            {{ create_table_as(False, relation, compiled_code) }}
        {%- endcall -%}
        {{ run_hooks(post_hooks) }}
    {%- endif -%}
    {{ return({'relations': [relation]}) }}
{%- endmacro %}

{% macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if temporary -%}
        {{ create_temporary_view(relation, compiled_code) }}
    {%- else -%}
        create table {{ relation }}
        {{ spark_files() }}
        as
        {{ within_contract(compiled_code) if config.get('contract').enforced else compiled_code }}
    {%- endif -%}
{%- endmacro %}

{#- Where a table's files are: `csc spark-build` names the folder. -#}
{% macro spark_files() -%}
    using parquet
    location {{ text_literal(env_var('CSC_SPARK_TABLES') ~ '/' ~ model.alias) }}
{%- endmacro %}

{#-
The query with the contract's columns in the contract's order. Names and types must be those of the
contract; only the width of whole numbers may differ, for engines count in different ones.
-#}
{% macro within_contract(query) -%}
    {%- set found = {} -%}
    {%- for column in adapter.get_column_schema_from_query(get_empty_subquery_sql(query)) -%}
        {%- do found.update({column.name: column.dtype | lower}) -%}
    {%- endfor -%}
    {%- set whole = ['tinyint', 'smallint', 'int', 'bigint'] -%}
    {%- set breaches = [] -%}
    {%- set selected = [] -%}
    {%- for name in found if name not in model.columns -%}
        {%- do breaches.append(name ~ ' is not in the contract') -%}
    {%- endfor -%}
    {%- for name, column in model.columns.items() -%}
        {%- set declared = spark_type(column.data_type) -%}
        {%- set type = found.get(name, 'missing') -%}
        {%- if type == declared or (type in whole and declared in whole) -%}
            {%- do selected.append(cast_column(name, declared)) -%}
        {%- else -%}
            {%- do breaches.append(name ~ ' is ' ~ type ~ ', not ' ~ declared) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if breaches -%}
        {%- do exceptions.raise_compiler_error(
            'This model breaks its contract on Spark: ' ~ breaches | join('; ')
        ) -%}
    {%- endif -%}
    select {{ selected | join(', ') }}
    from (
        {{ query }}
    ) as within_contract
{%- endmacro %}

{% macro cast_column(name, type) -%}
    cast({{ adapter.quote(name) }} as {{ type }}) as {{ adapter.quote(name) }}
{%- endmacro %}

{#- Spark's name of a type of DuckDB. -#}
{% macro spark_type(type) -%}
    {%- set names = {'varchar': 'string', 'integer': 'int', 'float8': 'double'} -%}
    {{ return(names.get(type | lower, type | lower)) }}
{%- endmacro %}

{#- One statement with every cell as a literal: dbt-spark's own writes the text None for a null. -#}
{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set types = model.config.get('column_types', {}) -%}
    {%- set names = [] -%}
    {%- set selected = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set type = types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
        {%- do names.append(adapter.quote(name)) -%}
        {%- do selected.append(cast_column(name, spark_type(type))) -%}
    {%- endfor -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- set cells = [] -%}
        {%- for cell in row -%}
            {%- do cells.append('null' if cell is none else text_literal(cell | string)) -%}
        {%- endfor -%}
        {%- do rows.append('(' ~ cells | join(', ') ~ ')') -%}
    {%- endfor -%}
    {%- call statement('seed') -%}
        create table {{ this.render() }}
        {{ spark_files() }}
        as
        select {{ selected | join(', ') }}
        from values
        {{ rows | join(',\n') if rows else '(' ~ (['null'] * names | length) | join(', ') ~ ')' }}
        as seed ({{ names | join(', ') }})
        {{ 'where false' if not rows }}
    {%- endcall -%}
    {{ return('') }}
{%- endmacro %}

{% macro spark__load_csv_rows(model, agate_table) -%}
    {{ return('') }}
{%- endmacro %}

{#-
Tells Spark of tables that others wrote: the door's, and those of the Python models. `tables` are
the schema, name, columns (name and type) and folder of each.
-#}
{% macro spark_know_tables(tables) -%}
    {%- for schema in tables | map(attribute='schema') | unique -%}
        {%- do run_query('create schema if not exists ' ~ schema) -%}
    {%- endfor -%}
    {%- for table in tables -%}
        {%- set relation = api.Relation.create(schema=table.schema, identifier=table.name) -%}
        {%- set columns = [] -%}
        {%- for name, type in table.columns -%}
            {%- do columns.append(adapter.quote(name) ~ ' ' ~ type) -%}
        {%- endfor -%}
        {%- do run_query('drop table if exists ' ~ relation) -%}
        {%- do run_query(
            'create table ' ~ relation ~ ' (' ~ columns | join(', ') ~ ') using parquet location '
            ~ text_literal(table.folder)
        ) -%}
    {%- endfor -%}
{%- endmacro %}
