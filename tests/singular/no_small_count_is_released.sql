{{ config(group='warehouse') }}
-- No count from 1 up to the smallest of the profile is released, and no hidden one has a number.
with
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }})

select decisions.*
from decisions
cross join profiles
where
    (decisions.released > 0 and decisions.released < profiles.smallest_count)
    or (decisions.disclosure != 'shown' and decisions.released is not null)
    or (decisions.disclosure = 'shown' and decisions.released is null)
