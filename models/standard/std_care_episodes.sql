-- One row per episode of care, in order, with whether a period of care starts with it and what had
-- to be repaired to say so. Episodes are "building blocks" that make up "a continuous 'period of
-- care'" (DfE children in social care schemas): one continues the last where that ends with X1,
-- where it starts for another reason than S, or, without reasons, where they touch.
with
records as (
    select * from {{ ref('std_care_episode_records') }}
    where fate = 'loaded'
),

followed as (
    select
        *,
        lead(start_date) over (partition by la_code, child_id order by start_date) as next_start
    from records
),

ordered as (
    select
        *,
        lag(start_date) over child as previous_start,
        lag(coalesce(end_date, next_start)) over child as previous_end,
        coalesce(lag(end_reason_code) over child = 'X1', false) as is_continued,
        coalesce(start_reason_code = 'S', false) as is_start,
        coalesce(start_reason_code != 'S', false) as is_continuation
    from followed
    window child as (partition by la_code, child_id order by start_date)
),

judged as (
    select
        *,
        {{ days_between('previous_end', 'start_date') }} as gap_days,
        case
            when previous_start is null then true
            when is_start and (not is_continued or previous_end < start_date) then true
            when is_continued or previous_end >= start_date then false
            else not is_continuation or {{ days_between('previous_end', 'start_date') }} > 1
        end as starts_period
    from ordered
)

select
    la_code,
    child_id,
    start_date,
    coalesce(end_date, next_start) as end_date,
    start_reason_code,
    end_reason_code,
    legal_status_code,
    primary_need_code,
    starts_period,
    case
        when starts_period and is_continuation then 'start_not_seen'
        when starts_period then null
        when gap_days < 0 then 'overlap'
        when gap_days > 0 then 'gap_bridged'
        when is_start then 'started_again'
        when is_continuation and not is_continued then 'ended_but_continues'
    end as start_repair,
    case
        when end_date is null and next_start is not null then 'end_assumed'
        when end_reason_code = 'X1' and coalesce(lead(starts_period) over child, true)
            then 'continuation_missing'
    end as end_repair,
    extract_as_of_date,
    file_key,
    source_row_number
from judged
window child as (partition by la_code, child_id order by start_date)
