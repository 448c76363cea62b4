-- One row per child in need plan, with the episode it belongs to.
with
records as (
    select * from {{ ref('std_cin_plan_records') }}
    where fate = 'loaded'
),

{{ with_episode('records') }}

select
    la_code,
    md5(concat_ws('|', la_code, record_key)) as cin_plan_id,
    child_id,
    episode_id,
    start_date,
    end_date,
    extract_as_of_date,
    file_key,
    source_row_number
from placed
