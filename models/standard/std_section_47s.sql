-- One row per section 47 enquiry, with the episode it belongs to and the conference it led to:
-- told in its own record, or in a record of conferences that names the enquiry by the id it has in
-- the same delivery.
with
records as (
    select * from {{ ref('std_section_47_records') }}
    where fate = 'loaded'
),

conferences as (
    select
        la_code,
        delivery,
        section_47_id,
        min(icpc_date) as icpc_date
    from {{ ref('std_conference_records') }}
    where not is_replaced and quarantine_code is null and section_47_id is not null
    group by all
),

{{ with_episode('records') }}

select
    placed.la_code,
    md5(concat_ws('|', placed.la_code, placed.record_key)) as section_47_id,
    placed.child_id,
    placed.episode_id,
    placed.start_date,
    coalesce(placed.icpc_date, conferences.icpc_date) as icpc_date,
    placed.is_icpc_not_required,
    placed.extract_as_of_date,
    placed.file_key,
    placed.source_row_number
from placed
left join conferences
    on
        placed.la_code = conferences.la_code
        and placed.delivery = conferences.delivery
        and placed.section_47_id = conferences.section_47_id
