-- What became of each file's records, and what each delivery of returns changed: the counts, and
-- how they balance. A delivery has what the one before it had, and the new, less what is gone; what
-- is gone had stood for itself before, and was loaded from there. Only where that is exactly so.
-- What a delivery changed had been superseded in the one before it.
{%- set fates = ['loaded', 'quarantined', 'duplicate', 'superseded', 'opted_out'] %}
with
files as (
    select
        files.*,
        {{ load_log_cell('files') }} as cell,
        count(*) over (partition by la_code, delivery, holds) = 1 as is_only_file
    from {{ ref('fct_load_log') }} as files
),

changes as (select * from {{ ref('int_release_delivery_changes') }}),

changed_tables as (
    select
        la_code,
        delivery,
        previous_delivery,
        table_name,
        max(case when change = 'new' then cell_id end) as new_cell,
        max(case when change = 'new' then n end) as n_new,
        max(case when change = 'gone' then cell_id end) as gone_cell,
        max(case when change = 'gone' then n end) as n_gone,
        max(case when change = 'changed' then cell_id end) as changed_cell,
        max(case when change = 'changed' then n end) as n_changed
    from changes
    group by la_code, delivery, previous_delivery, table_name
),

balances as (
    select
        changed_tables.*,
        files.cell,
        files.n_read,
        before.cell as cell_before,
        before.n_read as n_read_before,
        before.n_loaded as n_loaded_before,
        before.n_superseded as n_superseded_before
    from changed_tables
    inner join files
        on
            changed_tables.la_code = files.la_code
            and changed_tables.delivery = files.delivery
            and changed_tables.table_name = files.holds
            and files.is_only_file
    inner join files as before
        on
            changed_tables.la_code = before.la_code
            and changed_tables.previous_delivery = before.delivery
            and changed_tables.table_name = before.holds
            and before.is_only_file
)

{% for fate in fates -%}
select {{ release_part(
    'la_code', "cell || '/accounting'", "cell || '/read'", 'n_read', "cell || '/" ~ fate ~ "'",
    'n_' ~ fate, part_priority=6 if fate == 'loaded' else 4, is_rest_counted=false
) }}
from files
union all
{% endfor -%}
select {{ release_lone('la_code', 'cell_id', 'n') }}
from changes
{% for part, n_part, coefficient in [
    ("cell_before || '/read'", 'n_read_before', 1),
    ('new_cell', 'n_new', 1),
    ('gone_cell', 'n_gone', -1)
] -%}
union all
select {{ release_part(
    'la_code', "cell || '/balance'", "cell || '/read'", 'n_read', part, n_part,
    coefficient=coefficient, is_rest_counted=false
) }}
from balances
{% endfor -%}
union all
select {{ release_part(
    'la_code', "gone_cell || '/loaded_before'", "cell_before || '/loaded'", 'n_loaded_before',
    'gone_cell', 'n_gone', whole_priority=6, is_rest_counted=false
) }}
from balances
union all
select {{ release_part(
    'la_code', "changed_cell || '/superseded_before'", "cell_before || '/superseded'",
    'n_superseded_before', 'changed_cell', 'n_changed', whole_priority=4
) }}
from balances
