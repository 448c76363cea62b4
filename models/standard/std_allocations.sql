-- One row per child and programme of a trial: the allocations that were loaded, and those who were
-- considered and not allocated.
with
records as (select * from {{ ref('std_allocation_records') }})

select
    la_code,
    programme_id,
    child_id,
    case_id,
    family_id,
    arm,
    allocation_status,
    allocated_date
from records
where fate = 'loaded'
