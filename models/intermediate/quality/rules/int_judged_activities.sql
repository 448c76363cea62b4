{%- set kinds = {
    'assessments': ('std_assessment_records', {
        'start_date': 'start_date',
        'end_date': 'authorised_date'
    }),
    'section_47s': ('std_section_47_records', {
        'start_date': 'start_date',
        'icpc_date': 'icpc_date'
    }),
    'conferences': ('std_conference_records', {
        'icpc_date': 'case when not coalesce(is_transfer_in, false) then icpc_date end',
        'transfer_in_date': 'case when is_transfer_in then icpc_date end'
    }),
    'cin_plans': ('std_cin_plan_records', {'start_date': 'start_date', 'end_date': 'end_date'}),
    'cp_plans': ('std_cp_plan_records', {'start_date': 'start_date', 'end_date': 'end_date'})
} -%}
-- What judged returns say was done in an episode, each with the episode it belongs to: the one with
-- its referral id, else the child's with its referral date, of two on one day the one that led to
-- further action. Plans of other authorities are left out.
with
returns as (select * from {{ ref('int_judged_returns') }}),
episodes as (select * from {{ ref('int_judged_episodes') }}),

records as (
    {% for kind, (table, columns) in kinds.items() -%}
    select
        la_code,
        delivery,
        file_key,
        file_name,
        source_row_number,
        '{{ kind }}' as record_kind,
        child_id,
        referral_id,
        referral_date,
        cast({{ columns.get('start_date', 'null') }} as date) as start_date,
        cast({{ columns.get('end_date', 'null') }} as date) as end_date,
        cast({{ columns.get('icpc_date', 'null') }} as date) as icpc_date,
        cast({{ columns.get('transfer_in_date', 'null') }} as date) as transfer_in_date
    from {{ ref(table) }}
    {{ 'where not coalesce(is_other_authority, false)' if kind == 'cp_plans' }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

judged as (
    {{ of_judged_returns('records') }}
),

by_id as (
    select * from episodes
    qualify
        row_number() over (
            partition by la_code, delivery, referral_id order by file_key, source_row_number
        ) = 1
),

by_day as (
    select * from episodes
    qualify
        row_number() over (
            partition by la_code, delivery, child_id, referral_date
            order by coalesce(is_nfa, false), file_key, source_row_number
        ) = 1
)

select
    judged.la_code,
    judged.delivery,
    judged.file_key,
    judged.file_name,
    judged.source_row_number,
    judged.record_kind,
    judged.child_id,
    judged.start_date,
    judged.end_date,
    judged.icpc_date,
    judged.transfer_in_date,
    judged.reference_date,
    judged.period_start,
    coalesce(by_id.file_key, by_day.file_key) as episode_file_key,
    coalesce(by_id.source_row_number, by_day.source_row_number) as episode_row_number,
    coalesce(by_id.referral_date, by_day.referral_date, judged.referral_date)
        as episode_referral_date,
    coalesce(by_id.is_nfa, by_day.is_nfa) as is_episode_nfa
from judged
left join by_id
    on
        judged.la_code = by_id.la_code
        and judged.delivery = by_id.delivery
        and judged.referral_id = by_id.referral_id
left join by_day
    on
        {{ same_child('judged', 'by_day') }}
        and judged.referral_date = by_day.referral_date
