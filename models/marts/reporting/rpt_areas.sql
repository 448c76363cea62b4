-- Where the children of each arm live, as far as that may be released. A share is that of the
-- counts as released.
with
areas as (select * from {{ ref('fct_areas') }}),
decisions as (select * from {{ ref('py_release_decisions') }})

select
    areas.study_id,
    areas.children_counted,
    areas.arm,
    areas.area,
    counts.released as n_children,
    counts.released / cast(nullif(wholes.released, 0) as double) as share,
    {{ release_tail("coalesce(counts.disclosure, 'c')", 'counts.disclosure_reason') }}
from areas
left join decisions as counts
    on
        areas.study_id = counts.scope
        and counts.cell_id
        = 'areas/' || areas.children_counted || '/' || areas.arm || '/' || areas.area
left join decisions as wholes
    on
        areas.study_id = wholes.scope
        and wholes.cell_id = 'areas/' || areas.children_counted || '/' || areas.arm
cross join {{ ref('int_release_profile') }} as profiles
