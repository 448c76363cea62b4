-- One row per child and use of its data that someone objected to. Records that may not be used at
-- all were left out at the door (spec: consent).
with
objections as (select * from {{ ref('stg_landing__objections') }})

select distinct
    la_code,
    child_id,
    objects_to
from objections
