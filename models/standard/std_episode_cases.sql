-- One row per case that an episode makes, from referral to closure, in authorities whose returns
-- hold no child in need plans: unless nothing was needed (no further action after the referral, or
-- closed after assessment).
select
    la_code,
    child_id,
    episode_id,
    referral_date,
    referral_date as plan_start_date,
    close_date as closure_date,
    close_reason_code as closure_reason_code,
    primary_need_code,
    'episode' as made_of,
    cast(null as date) as escalated_date,
    true as is_end_consistent,
    extract_as_of_date,
    file_key,
    source_row_number
from {{ ref('std_cin_episodes') }}
where
    la_code not in (select la_code from {{ ref('std_cin_plans') }})
    and coalesce(not is_nfa, true)
    and coalesce(close_reason_code not in ('RC8', 'RC9'), true)
