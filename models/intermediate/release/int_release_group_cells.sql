-- The cells of each group and what is counted in it: its size, those known, unknown, with and
-- without. Where all are known, the known are the size.
with
counts as (select * from {{ ref('int_release_counts') }}),

named as (
    select
        *,
        {{ cell_id(['study_id', 'sample', 'population', 'arm']) }} as group_id,
        {{ cell_id(['study_id', 'sample', 'population', 'arm', 'attribute']) }} as attribute_id
    from counts
)

select
    study_id,
    sample,
    population,
    arm,
    attribute,
    kind,
    is_primary,
    largest_share,
    n,
    n_known,
    n_with,
    group_id || '/size' as size_cell,
    case when n_known = n then group_id || '/size' else attribute_id || '/known' end as known_cell,
    attribute_id || '/unknown' as unknown_cell,
    attribute_id || '/with' as with_cell,
    attribute_id || '/without' as without_cell,
    attribute_id as cell_prefix
from named
