-- How many records each delivery of returns brought, changed and let go, by table, as far as that
-- may be released. Whose records they are is in no release table.
with
changes as (select * from {{ ref('int_release_delivery_changes') }}),
decisions as (select * from {{ ref('py_release_decisions') }})

select
    changes.la_code,
    changes.table_name,
    changes.delivery,
    changes.previous_delivery,
    changes.change,
    decisions.released as n_records,
    {{ release_tail("coalesce(decisions.disclosure, 'c')", 'decisions.disclosure_reason') }}
from changes
left join decisions
    on changes.la_code = decisions.scope and changes.cell_id = decisions.cell_id
cross join {{ ref('int_release_profile') }} as profiles
