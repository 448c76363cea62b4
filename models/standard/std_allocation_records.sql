-- Every record of a trial's allocation list and what becomes of it. A child has one allocation to a
-- programme. Only who was allocated has an arm, whatever the family then took up (spec: E6).
with
allocations as (select * from {{ ref('stg_study_files__allocations') }}),

judged as (
    select
        *,
        concat_ws('|', programme_id, child_id) as record_key,
        case
            when id_flags is not null then id_flags
            when unreadable_dates is not null then 'unreadable_date'
            when programme_id is null then 'programme_missing'
            when
                coalesce(allocation_status, '') not in (
                    'allocated', 'not_approved', 'over_capacity', 'not_taken_up'
                )
                then 'allocation_status_unknown'
            when arm not in ('treated', 'comparator') then 'arm_unknown'
            when allocation_status = 'allocated' and arm is null then 'allocated_arm_missing'
            when allocation_status = 'allocated' and allocated_date is null
                then 'allocated_date_missing'
            when allocation_status != 'allocated' and arm is not null
                then 'arm_without_allocation'
        end as problem_code
    from allocations
),

{{ record_fates('judged') }}

select
    la_code,
    programme_id,
    child_id,
    case_id,
    family_id,
    arm,
    allocation_status,
    allocated_date,
    delivery,
    file_name,
    file_key,
    source_row_number,
    unreadable_dates,
    fate,
    quarantine_code
from fated
