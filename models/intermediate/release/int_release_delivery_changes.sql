-- How many records each delivery of returns brought, changed and let go, by table. What nobody saw
-- happen to a table that changed otherwise is 0.
with
changes as (select * from {{ ref('fct_delivery_changes') }}),

counted as (
    select
        la_code,
        delivery,
        previous_delivery,
        {% for change in ['new', 'changed', 'gone'] -%}
        count(case when change = '{{ change }}' then 1 end) as n_{{ change }},
        {% endfor -%}
        table_name
    from changes
    group by la_code, delivery, previous_delivery, table_name
)

{% for change in ['new', 'changed', 'gone'] -%}
select
    la_code,
    delivery,
    previous_delivery,
    table_name,
    '{{ change }}' as change,
    n_{{ change }} as n,
    'delivery_changes/' || delivery || '/' || table_name || '/{{ change }}' as cell_id
from counted
{{ 'union all' if not loop.last }}
{% endfor -%}
