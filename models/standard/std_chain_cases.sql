-- One row per case that a chain of child in need plans makes. It closes when its last plan ends, or
-- with the episode where that plan has no end; a case that escalates does not close. When it ended
-- isn't known where the episode closed before the plans began.
with
chains as (select * from {{ ref('std_plan_chains') }}),
episodes as (select * from {{ ref('std_cin_episodes') }})

select
    chains.la_code,
    chains.child_id,
    chains.episode_id,
    episodes.referral_date,
    chains.start_date as plan_start_date,
    case
        when chains.escalated_date is not null then null
        when chains.end_date is not null then chains.end_date
        when episodes.close_date >= chains.start_date then episodes.close_date
    end as closure_date,
    case when chains.escalated_date is null then episodes.close_reason_code end
        as closure_reason_code,
    episodes.primary_need_code,
    'plans' as made_of,
    chains.escalated_date,
    coalesce(
        chains.end_date is not null
        or chains.escalated_date is not null
        or episodes.close_date >= chains.start_date,
        true
    ) as is_end_consistent,
    chains.extract_as_of_date,
    chains.file_key,
    chains.source_row_number
from chains
left join episodes using (la_code, child_id, episode_id)
