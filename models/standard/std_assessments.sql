-- One row per assessment of a child, with the episode it belongs to.
with
records as (
    select * from {{ ref('std_assessment_records') }}
    where fate = 'loaded'
),

{{ with_episode('records') }}

select
    la_code,
    md5(concat_ws('|', la_code, record_key)) as assessment_id,
    child_id,
    episode_id,
    start_date,
    authorised_date,
    extract_as_of_date,
    file_key,
    source_row_number
from placed
