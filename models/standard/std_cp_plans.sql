-- One row per child protection plan, with the episode it belongs to.
with
records as (
    select * from {{ ref('std_cp_plan_records') }}
    where fate = 'loaded'
),

{{ with_episode('records') }}

select
    la_code,
    md5(concat_ws('|', la_code, record_key)) as cp_plan_id,
    child_id,
    episode_id,
    start_date,
    end_date,
    initial_category_code,
    latest_category_code,
    n_previous_cp_plans,
    is_other_authority,
    extract_as_of_date,
    file_key,
    source_row_number
from placed
