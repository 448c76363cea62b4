-- Every way in which counts of release tables give one another.
{%- set topics = ['study', 'monitoring', 'quality', 'study_files', 'costs'] %}
{% for topic in topics -%}
select
    scope,
    relation_id,
    cell_id,
    coefficient
from {{ ref('int_release_relations_' ~ topic) }}
{{ 'union all' if not loop.last }}
{% endfor -%}
