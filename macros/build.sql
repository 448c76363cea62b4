{#-
What happens before and after the models: the door lets extracts in, and a complete build is
published. A build on Spark does both itself, around the dbt runs that it is made of.
-#}

{% macro is_whole_build() -%}
    {{ return(execute and target.type == 'duckdb' and not env_var('CSC_SPARK_TABLES', '')) }}
{%- endmacro %}

{% macro land_extracts() -%}
    {%- if is_whole_build() and flags.WHICH in ['build', 'run'] -%}
        {%- do log(run_query('select csc_land()').columns[0].values()[0], info=true) -%}
    {%- endif -%}
{%- endmacro %}

{#-
Tells the publish step what ran and how it ended, and what a complete build has. Where publishing
fails, so does the hook: an error while a hook is rendered would be taken for a keyboard interrupt.
-#}
{% macro close_build(results) -%}
    {%- if is_whole_build() and flags.WHICH == 'build' -%}
        {%- set statuses = {} -%}
        {%- set paths = {} -%}
        {%- set causes = {} -%}
        {%- for result in results if result.node.resource_type != 'exposure' -%}
            {%- do statuses.update({result.node.unique_id: result.status | string}) -%}
            {%- do paths.update({result.node.unique_id: result.node.original_file_path}) -%}
            {#- the cause alone: the rest of a message may hold a value -#}
            {%- for cause in ['No space left on device', 'Out of Memory', 'Permission denied']
                if cause in result.message | string -%}
                {%- do causes.update({result.node.unique_id: cause}) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- set expected = [] -%}
        {%- set public_tables = [] -%}
        {%- for node in graph.nodes.values() if node.config.enabled -%}
            {%- if node.resource_type in ['model', 'seed', 'snapshot', 'test'] -%}
                {%- do expected.append(node.unique_id) -%}
            {%- endif -%}
            {%- if node.resource_type == 'model' and node.config.access == 'public' -%}
                {%- do public_tables.append(node.name) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set filters = [] -%}
        {%- for option in ['select', 'exclude', 'selector', 'resource_types', 'exclude_resource_types']
            if invocation_args_dict.get(option) -%}
            {%- do filters.append('--' ~ option | replace('_', '-')) -%}
        {%- endfor -%}
        {%- set build = {
            'filters': filters,
            'statuses': statuses,
            'paths': paths,
            'expected': expected,
            'public_tables': public_tables,
            'settings': {
                'withhold_failing_la': var('withhold_failing_la'),
                'disclosure_profile': var('disclosure_profile', 'dfe'),
                'outcomes_of': var('outcomes_of'),
                'pages': var('pages', true)
            },
            'target': flags.TARGET_PATH or 'target',
            'causes': causes
        } -%}
        {%- set build = dbt.string_literal(dbt.escape_single_quotes(tojson(build))) -%}
        {%- set outcome = run_query('select csc_close_build_outcome(' ~ build ~ ')') -%}
        {%- set outcome = outcome.columns[0].values()[0] -%}
        {%- if outcome.startswith('+') -%}
            {%- do log(outcome[1:], info=true) -%}
        {%- else -%}
            {%- set why = 'Not published: ' ~ (outcome[1:] | replace('Not published: ', '')) -%}
            {%- do log(why, info=true) -%}
            select error({{ dbt.string_literal(dbt.escape_single_quotes(why)) }})
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
