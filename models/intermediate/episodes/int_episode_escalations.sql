-- Child protection plans and periods of care that started while an episode was open, its first and
-- its last day included. Plans of another authority are no escalation of this one's.
with
episodes as (select * from {{ ref('int_episode_history') }}),

starts as (
    select
        la_code,
        child_id,
        'cp' as escalation_type,
        start_date
    from {{ ref('int_admitted_cp_plans') }}
    where not coalesce(is_other_authority, false)
    union
    select
        la_code,
        child_id,
        'care' as escalation_type,
        start_date
    from {{ ref('int_admitted_care_periods') }}
)

select
    episodes.la_code,
    episodes.episode_id,
    episodes.child_id,
    starts.escalation_type,
    starts.start_date,
    {{ collection_year('starts.start_date') }} as year
from episodes
inner join starts
    on
        episodes.la_code = starts.la_code
        and episodes.child_id = starts.child_id
        and episodes.referral_date <= starts.start_date
        and coalesce(episodes.close_date >= starts.start_date, true)
