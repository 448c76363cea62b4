{%- set rules = {
    '4000': 'is_episode_nfa',
    '4004': 'end_date is null and child_id is not null and n_open > 1',
    '4010': 'start_date is null or start_date > reference_date',
    '4011': 'end_date < start_date',
    '4012Q': 'end_date = start_date',
    '4013': 'end_date < period_start or end_date > reference_date',
    '4015': 'start_date < episode_referral_date'
} -%}
-- Records of child in need plans that break a rule about their dates, or run beside another plan of
-- the child (cin_rules). Of two plans that overlap it is the one that starts during the other; of a
-- child in need plan and a protection plan always the former.
with
activities as (select * from {{ ref('int_judged_activities') }}),

plans as (
    select
        *,
        count(case when end_date is null then 1 end) over (
            partition by la_code, delivery, child_id
        ) as n_open
    from activities
    where record_kind = 'cin_plans'
),

protection as (
    select * from activities
    where record_kind = 'cp_plans'
),

overlapping as (
    select distinct later.*
    from plans as later
    inner join plans as earlier
        on {{ same_child('later', 'earlier') }} and {{ other_record('later', 'earlier') }}
    where {{ starts_during('later', 'earlier') }}
),

beside_protection as (
    select
        plans.*,
        plans.episode_file_key = protection.episode_file_key
        and plans.episode_row_number = protection.episode_row_number
        and plans.end_date is null
        and protection.end_date is null as are_both_open,
        {{ starts_during('plans', 'protection', before='<') }} as starts_during_protection,
        {{ starts_during('protection', 'plans', before='<') }} as is_when_protection_starts
    from plans
    inner join protection
        on {{ same_child('plans', 'protection') }}
),

concurrent as (
    select
        la_code,
        delivery,
        file_key,
        file_name,
        source_row_number,
        max(case when are_both_open then 1 else 0 end) as n_both_open,
        max(case when starts_during_protection then 1 else 0 end) as n_starts_during,
        max(case when is_when_protection_starts then 1 else 0 end) as n_protection_starts
    from beside_protection
    group by all
)

{{ rule_flags('plans', 'cin_plans', rules) }}
union all
{{ rule_flags('overlapping', 'cin_plans', {'4014': 'true'}) }}
union all
{{ rule_flags('concurrent', 'cin_plans', {
    '4001': 'n_both_open = 1',
    '4016': 'n_starts_during = 1',
    '4017': 'n_protection_starts = 1'
}) }}
