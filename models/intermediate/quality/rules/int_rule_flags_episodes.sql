{%- set is_open = 'close_date is null and not is_nfa and child_id is not null' -%}
{%- set rules = {
    '8600': 'referral_date is null or referral_date > reference_date',
    '8630': 'close_date < referral_date',
    '8805': 'close_date is not null and close_reason_code is null',
    '8810': 'close_reason_code is not null and close_date is null',
    '8815': is_open ~ ' and n_open > 1',
    '8816': is_open ~ ' and referral_date < latest_referral_date',
    '8565': 'close_date < last_activity_date',
    '8606':
        days_between('referral_date', 'birth_date') ~ ' > 280 or '
        ~ days_between('referral_date', 'expected_birth_date') ~ ' > 280',
    '8568': 'is_nfa is null',
    '8569Q':
        'is_nfa and ' ~ days_between('referral_date', 'period_start') ~ ' > '
        ~ days_since_working_day('period_start'),
    '8831': 'is_nfa and n_assessments + n_section_47s + n_conferences > 0',
    '8610': 'not is_nfa and primary_need_code is null',
    '2990':
        'is_closed_after_assessment'
        ~ ' and n_section_47s + n_cp_plans + n_cin_plans + n_conferences > 0',
    '8825Q': 'is_closed_after_assessment and n_assessments = 0'
} -%}
-- Records of episodes that break a rule about dates, closure, further action or overlap
-- (cin_rules). Of two episodes that overlap it is the one that starts during the other.
with
episodes as (select * from {{ ref('int_judged_episode_activity') }}),

judged as (
    select
        *,
        close_reason_code in ('RC8', 'RC9') as is_closed_after_assessment,
        count(case when {{ is_open }} then 1 end) over of_child as n_open,
        max(referral_date) over of_child as latest_referral_date
    from episodes
    window of_child as (partition by la_code, delivery, child_id)
),

overlapping as (
    select distinct later.*
    from judged as later
    inner join judged as earlier
        on
            {{ same_child('later', 'earlier') }}
            and {{ other_record('later', 'earlier') }}
            and later.referral_date >= earlier.referral_date
    where
        later.referral_date < earlier.close_date
        or (
            earlier.close_date is null
            and not earlier.is_nfa
            and later.referral_date <= later.reference_date
        )
)

{{ rule_flags('judged', 'episodes', rules) }}
union all
{{ rule_flags('overlapping', 'episodes', {'8820': 'true'}) }}
