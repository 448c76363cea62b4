-- One row per record of a trial's allocation list, typed. What is compared between records is what
-- became of the child: family, arm, status and day, however they are written.
with
source as (select * from {{ source('landing', 'study_files__allocations') }}),

typed as (
    select
        la_code,
        {{ stated('programme_id') }} as programme_id,
        child_id,
        case_id,
        family_id,
        delivery,
        file_name,
        file_key,
        source_row_number,
        id_flags,
        extract_as_of_date,
        lower(arm) as arm,
        lower(allocation_status) as allocation_status,
        {{ typed_date('allocated_date') }} as allocated_date,
        {{ unreadable(dates=['allocated_date']) }} as unreadable_dates
    from source
)

select
    *,
    md5(concat_ws(
        '|', coalesce(case_id, ''), family_id, coalesce(arm, ''), allocation_status, allocated_date
    )) as record_hash
from typed
