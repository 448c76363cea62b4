-- Each episode of need with the child's latest earlier referral and its latest closure on or before
-- the referral. A referral without further action is closed on its own day, where no closure is
-- recorded. Referrals of one day don't precede one another, and a day that stands in for a referral
-- nobody recorded starts no clock.
with
episodes as (select * from {{ ref('int_admitted_cin_episodes') }}),
people as (select * from {{ ref('int_admitted_people') }}),
not_in_need as (select * from {{ ref('not_in_need_reasons') }}),

ended as (
    select
        la_code,
        child_id,
        referral_date,
        is_referral_date_assumed,
        coalesce(close_date, case when is_nfa then referral_date end) as ended_date
    from episodes
),

previous as (
    select
        episodes.la_code,
        episodes.episode_id,
        max(case when not ended.is_referral_date_assumed then ended.referral_date end)
            as previous_referral_date,
        max(case when ended.ended_date <= episodes.referral_date then ended.ended_date end)
            as previous_closure_date
    from episodes
    inner join ended
        on
            episodes.la_code = ended.la_code
            and episodes.child_id = ended.child_id
            and episodes.referral_date > ended.referral_date
    group by episodes.la_code, episodes.episode_id
)

select
    episodes.la_code,
    episodes.episode_id,
    episodes.child_id,
    episodes.referral_date,
    {{ collection_year('episodes.referral_date') }} as referral_year,
    episodes.is_referral_date_assumed,
    episodes.referral_source_code,
    coalesce(episodes.is_nfa, false) as is_nfa,
    episodes.primary_need_code,
    episodes.close_date,
    episodes.close_reason_code,
    not_in_need.closure_reason_code is not null as is_closed_without_need,
    previous.previous_referral_date,
    previous.previous_closure_date,
    people.birth_date,
    people.expected_birth_date,
    episodes.extract_as_of_date
from episodes
left join previous
    on episodes.la_code = previous.la_code and episodes.episode_id = previous.episode_id
left join people
    on episodes.la_code = people.la_code and episodes.child_id = people.child_id
left join not_in_need
    on episodes.close_reason_code = not_in_need.closure_reason_code
