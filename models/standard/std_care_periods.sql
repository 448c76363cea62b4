-- One row per period of care: a chain of care episodes, from the first one's start to the last
-- one's end. It is open while its last episode is open, or says that another follows which isn't
-- there yet.
with
numbered as (
    select
        *,
        sum(case when starts_period then 1 else 0 end) over (
            partition by la_code, child_id
            order by start_date
            rows between unbounded preceding and current row
        ) as period_number,
        max(start_date) over (partition by la_code, child_id) as latest_start
    from {{ ref('std_care_episodes') }}
),

ended as (
    select
        *,
        row_number() over (
            partition by la_code, child_id, period_number order by start_date desc
        ) = 1 as is_last,
        start_date = latest_start and coalesce(end_repair = 'continuation_missing', false)
            as is_going_on
    from numbered
)

select
    la_code,
    md5(concat_ws('|', la_code, child_id, min(start_date))) as care_period_id,
    child_id,
    min(start_date) as start_date,
    max(end_date) filter (where is_last and not is_going_on) as end_date,
    max(end_reason_code) filter (where is_last and end_reason_code != 'X1') as end_reason_code,
    count(*) as n_episodes,
    count(start_repair) + count(end_repair) as n_repairs,
    max(extract_as_of_date) as extract_as_of_date
from ended
group by la_code, child_id, period_number
