-- Every count that a release table shows, once, by the problem it belongs to. A count that several
-- topics know has its highest priority.
{%- set topics = ['study', 'monitoring', 'quality', 'study_files', 'costs'] %}
with cells as (
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
)

select
    scope,
    cell_id,
    n,
    level,
    max(priority) as priority
from cells
group by
    scope,
    cell_id,
    n,
    level
