-- One row per referral with what monitoring counts it by, whatever the extracts cover. The clock of
-- a re-referral is DfE's: the child's previous referral, twelve months by the calendar, the
-- anniversary included.
with
episodes as (select * from {{ ref('int_episode_history') }}),
bands as (select * from {{ ref('monitoring_duration_bands') }}),

rereferrals as (
    select * from {{ ref('int_episode_rereferrals') }}
    where preset = 'dfe'
),

escalated as (
    select
        la_code,
        episode_id,
        min(case when escalation_type = 'cp' then start_date end) as first_cp_date,
        min(case when escalation_type = 'care' then start_date end) as first_care_date
    from {{ ref('int_episode_escalations') }}
    group by la_code, episode_id
)

select
    episodes.la_code,
    episodes.episode_id,
    episodes.child_id,
    episodes.referral_date,
    episodes.referral_year as year,
    episodes.is_referral_date_assumed,
    episodes.previous_referral_date,
    {{ days_between('episodes.previous_referral_date', 'episodes.referral_date') }}
        as days_since_previous_referral,
    rereferrals.is_rereferral as is_rereferral_12m,
    episodes.is_nfa,
    not episodes.is_nfa and not episodes.is_closed_without_need as is_in_need,
    episodes.referral_source_code,
    episodes.primary_need_code,
    episodes.close_date,
    episodes.close_reason_code,
    {{ days_between('episodes.referral_date', 'episodes.close_date') }} as duration_days,
    bands.band as duration_band,
    {{ age_on('episodes.referral_date', 'episodes.birth_date', 'episodes.expected_birth_date') }}
        as age_at_referral,
    escalated.first_cp_date,
    escalated.first_care_date,
    episodes.extract_as_of_date
from episodes
inner join rereferrals
    on episodes.la_code = rereferrals.la_code and episodes.episode_id = rereferrals.episode_id
left join escalated
    on episodes.la_code = escalated.la_code and episodes.episode_id = escalated.episode_id
left join bands
    on
        episodes.close_date is not null
        and {{ is_in_duration_band('episodes.referral_date', 'episodes.close_date', 'bands') }}
