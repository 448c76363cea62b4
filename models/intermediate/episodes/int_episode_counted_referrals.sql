-- What the measures of referrals count, a row each. Not in need is judged as of 31 March. Episodes
-- whose referral nobody recorded are no referrals; their closures count.
with
episodes as (select * from {{ ref('int_episode_history') }}),

referrals as (
    select
        *,
        is_closed_without_need
        and not is_nfa
        and close_date <= {{ year_end('referral_year') }} as is_found_not_in_need,
        lpad(cast(extract(month from referral_date) as string), 2, '0') as referral_month
    from episodes
    where not is_referral_date_assumed
),

rereferrals as (
    select * from {{ ref('int_episode_rereferrals') }}
    where is_rereferral and not is_referral_date_assumed
)

{{ counted('referrals', 'referrals', 'referral_year', levels={
    'source': "coalesce(referral_source_code, 'unknown')", 'month': 'referral_month'
}) }}
union all
{{ counted('referred_children', 'referrals', 'referral_year', of_children=true) }}
union all
{{ counted('rereferrals', 'rereferrals', 'referral_year', levels={
    'definition': 'case when not is_default then preset end'
}) }}
union all
{{ counted('rereferred_children', 'rereferrals', 'referral_year', of_children=true, levels={
    'definition': 'case when not is_default then preset end'
}) }}
union all
{{ counted('nfa_referrals', 'referrals', 'referral_year', 'is_nfa') }}
union all
{{ counted('not_in_need_referrals', 'referrals', 'referral_year', 'is_found_not_in_need') }}
union all
{{ counted('closures', 'episodes', collection_year('close_date'), 'close_date is not null', {
    'closure_reason': "coalesce(close_reason_code, 'unknown')"
}) }}
