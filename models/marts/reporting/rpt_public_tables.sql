-- The release tables themselves: what one row of each is, and the version of its contract. It holds
-- no figure of a child.
select
    facts.table_name,
    facts.contract_version,
    facts.grain,
    facts.description,
    facts.n_columns,
    {{ release_tail() }}
from {{ ref('def_public_tables') }} as facts
cross join {{ ref('int_release_profile') }} as profiles
where facts.folder = 'release'
