-- The sizes of each sample as released. What rests on the cases of both arms alone is shown where
-- both sizes are and neither is too small.
with
sizes as (select * from {{ ref('int_release_sizes') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

arms as (
    select
        study_id,
        sample,
        max(n) filter (where arm = 'treated') as n_treated,
        max(n) filter (where arm = 'comparator') as n_comparator
    from sizes
    group by all
)

select
    arms.*,
    coalesce(n_treated >= smallest_n and n_comparator >= smallest_n, false) as is_shown,
    case when is_shown then 'shown' else 'c' end as disclosure,
    case when not is_shown then 'The size of an arm is hidden or too small' end
        as disclosure_reason
from arms
cross join profiles
