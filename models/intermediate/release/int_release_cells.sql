-- Every count that a release table shows, once, by the problem it belongs to.
{%- set topics = ['study', 'monitoring', 'quality', 'study_files', 'costs'] %}
{% for topic in topics -%}
select
    scope,
    cell_id,
    n,
    level,
    priority
from {{ ref('int_release_cells_' ~ topic) }}
{{ 'union all' if not loop.last }}
{% endfor -%}
