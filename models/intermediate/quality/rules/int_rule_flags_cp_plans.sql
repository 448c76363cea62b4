{%- set rules = {
    '8832': 'is_episode_nfa',
    '8720': 'start_date is null or start_date > reference_date',
    '8840': 'end_date = start_date',
    '8925': 'end_date < start_date',
    '8930': 'end_date < period_start or end_date > reference_date',
    '8935': 'end_date is null and child_id is not null and n_open > 1',
    '1105': 'start_date < episode_referral_date',
    '2885':
        'start_date between period_start and reference_date'
        ~ ' and episode_file_key is not null and n_conferences_that_day = 0'
} -%}
-- Records of child protection plans that break a rule about their dates, or overlap (cin_rules). Of
-- two plans that overlap it is the one that starts during the other.
with
activities as (select * from {{ ref('int_judged_activities') }}),
episodes as (select * from {{ ref('int_judged_episodes') }}),

plans as (
    select
        *,
        count(case when end_date is null then 1 end) over (
            partition by la_code, delivery, child_id
        ) as n_open
    from activities
    where record_kind = 'cp_plans'
),

-- A conference of the child's move into the authority counts where no enquiry led to one.
conferences as (
    select
        episode_file_key,
        episode_row_number,
        icpc_date,
        transfer_in_date
    from activities
    where icpc_date is not null or transfer_in_date is not null
    union all
    select
        file_key as episode_file_key,
        source_row_number as episode_row_number,
        cast(null as date) as icpc_date,
        icpc_date as transfer_in_date
    from episodes
    where icpc_date is not null
),

counted as (
    select
        plans.file_key,
        plans.source_row_number,
        count(*) filter (where conferences.icpc_date = plans.start_date) as n_that_day,
        count(*) filter (where conferences.transfer_in_date = plans.start_date)
            as n_transfers_that_day,
        count(conferences.icpc_date) as n_after_enquiry
    from plans
    inner join conferences
        on
            plans.episode_file_key = conferences.episode_file_key
            and plans.episode_row_number = conferences.episode_row_number
    group by all
),

judged as (
    select
        plans.*,
        case
            when counted.n_after_enquiry = 0 then counted.n_transfers_that_day
            else coalesce(counted.n_that_day, 0)
        end as n_conferences_that_day
    from plans
    left join counted
        on
            plans.file_key = counted.file_key
            and plans.source_row_number = counted.source_row_number
),

overlapping as (
    select distinct later.*
    from plans as later
    inner join plans as earlier
        on {{ same_child('later', 'earlier') }} and {{ other_record('later', 'earlier') }}
    where {{ starts_during('later', 'earlier') }}
)

{{ rule_flags('judged', 'cp_plans', rules) }}
union all
{{ rule_flags('overlapping', 'cp_plans', {'8940': 'true'}) }}
