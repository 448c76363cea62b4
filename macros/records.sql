{#-
The kinds of records that all return formats come down to, and what each column's text means. A
record whose id, key date or critical date can't be read is quarantined; any other value that
can't be read becomes null and is named in unreadable_values. `key` is what makes a record the
same in every delivery: ids of source systems change between loads (they only say what belongs
together within one delivery), so it is the child and the day. Many lists of one delivery may
describe a child, so those records are the same only if they say the same.
-#}
{% macro record_kinds() -%}
    {{ return({
        'children': {
            'key': ['child_id', 'record_hash'],
            'ids': ['upn'],
            'dates': ['birth_date', 'expected_birth_date', 'death_date'],
            'codes': {'sex_code': ('sex', none), 'ethnicity_code': ('ethnicity', none)},
            'flags': ['has_disability'],
            'texts': ['nationality', 'disability_codes']
        },
        'disabilities': {
            'key': ['child_id', 'disability_code'],
            'codes': {'disability_code': ('disability', none)}
        },
        'episodes': {
            'key': ['child_id', 'referral_date', "case when is_nfa then 'no further action' end"],
            'ids': ['referral_id'],
            'critical_dates': ['referral_date', 'close_date'],
            'dates': ['icpc_date'],
            'codes': {
                'referral_source_code': ('referral_source', 'referral_date'),
                'primary_need_code': ('primary_need', 'referral_date'),
                'close_reason_code': ('closure_reason', 'close_date')
            },
            'flags': ['is_nfa']
        },
        'cin_spells': {
            'key': ['child_id', 'start_date'],
            'critical_dates': ['start_date', 'close_date'],
            'codes': {
                'close_reason_code': ('closure_reason', 'close_date'),
                'primary_need_code': ('primary_need', 'start_date')
            }
        },
        'assessments': {
            'key': ['child_id', 'start_date'],
            'ids': ['referral_id', 'assessment_id'],
            'critical_dates': ['start_date'],
            'dates': ['referral_date', 'authorised_date'],
            'texts': ['factor_codes']
        },
        'assessment_factors': {
            'key': ['delivery', 'assessment_id'],
            'ids': ['assessment_id'],
            'texts': ['factor_codes']
        },
        'cin_plans': {
            'key': ['child_id', 'start_date'],
            'ids': ['referral_id'],
            'critical_dates': ['start_date', 'end_date'],
            'dates': ['referral_date']
        },
        'section_47s': {
            'key': ['child_id', 'start_date'],
            'ids': ['referral_id', 'section_47_id'],
            'critical_dates': ['start_date'],
            'dates': ['referral_date', 'icpc_target_date', 'icpc_date'],
            'flags': ['is_icpc_not_required']
        },
        'conferences': {
            'key': ['child_id', 'icpc_target_date', 'icpc_date'],
            'ids': ['referral_id', 'section_47_id'],
            'dates': ['referral_date', 'icpc_target_date', 'icpc_date'],
            'flags': ['is_transfer_in']
        },
        'cp_plans': {
            'key': ['child_id', 'start_date'],
            'ids': ['referral_id', 'cp_plan_id'],
            'critical_dates': ['start_date', 'end_date'],
            'dates': ['referral_date'],
            'codes': {
                'initial_category_code': ('cp_category', 'start_date'),
                'latest_category_code': ('cp_category', 'start_date')
            },
            'flags': ['is_other_authority'],
            'numbers': ['n_previous_cp_plans']
        },
        'cp_reviews': {
            'key': ['child_id', 'review_date'],
            'ids': ['cp_plan_id'],
            'critical_dates': ['review_date'],
            'dates': ['plan_start_date']
        },
        'care_episodes': {
            'key': ['child_id', 'start_date'],
            'ids': ['referral_id', 'care_period_id'],
            'critical_dates': ['start_date', 'end_date'],
            'codes': {
                'start_reason_code': ('lac_start_reason', 'start_date'),
                'primary_need_code': ('primary_need', 'start_date'),
                'end_reason_code': ('lac_end_reason', 'end_date')
            },
            'texts': ['legal_status_code']
        },
        'families': {
            'key': ['child_id', 'family_id'],
            'ids': ['family_id']
        },
        'events': {
            'key': ['child_id', 'event_type', 'start_date', 'end_date', 'detail_code'],
            'dates': ['start_date', 'end_date'],
            'codes': {'event_type': ('event_type', none)},
            'texts': ['detail_code']
        }
    }) }}
{%- endmacro %}

{#- Landed records of one kind, typed: text becomes dates, numbers and flags; codes keep the source's words beside them. -#}
{% macro typed_records(kind) -%}
{%- set columns = record_kinds()[kind] -%}
{%- set critical = columns.get('critical_dates', []) -%}
{%- set dates = columns.get('dates', []) -%}
with
landed as (
    select
        *{{ ',' if critical + dates }}
        {{ typed_dates(critical + dates) }}
    from {{ source('landing', 'records__' ~ kind) }}
)

select
    la_code,
    {%- if 'child_id' in columns['key'] %}
    child_id,
    {%- endif %}
    {%- for column in columns.get('ids', []) %}
    {{ column }},
    {%- endfor %}
    {%- for column in critical + dates %}
    {{ column }}_typed as {{ column }},
    {%- endfor %}
    {%- for column in columns.get('codes', {}) %}
    {{ stated(column) }} as {{ column }},
    {{ column }}_source,
    {%- endfor %}
    {%- for column in columns.get('flags', []) %}
    {{ yes_no(trimmed(column)) }} as {{ column }},
    {%- endfor %}
    {%- for column in columns.get('numbers', []) %}
    {{ try_whole_number(column) }} as {{ column }},
    {%- endfor %}
    {%- for column in columns.get('texts', []) %}
    {{ stated(column) }} as {{ column }},
    {%- endfor %}
    {{ landed_columns() | replace('la_code,', '') | trim }},
    {{ unreadable(dates=critical, typed=true) if critical else 'cast(null as string)' }} as unreadable_dates,
    nullif(concat_ws(
        ', ', {{ unreadable(dates=dates, typed=true) if dates else 'cast(null as string)' }}
        {%- for column in columns.get('flags', []) %},
        case when {{ trimmed(column) }} not in ('1', '0', '') then '{{ column }}' end
        {%- endfor %}
        {%- for column in columns.get('numbers', []) %},
        case
            when {{ stated(column) }} is not null and {{ try_whole_number(column) }} is null
                then '{{ column }}'
        end
        {%- endfor %}
    ), '') as unreadable_values
from landed
{%- endmacro %}

{#-
Every record of one kind and what becomes of it. `record_hash` is over what the record says of the
child, not over ids of the source system, so that only a change of content is a change.
-#}
{% macro records_with_fates(kind) -%}
{%- set columns = record_kinds()[kind] -%}
{%- set critical = columns.get('critical_dates', []) -%}
{%- set dates = columns.get('dates', []) -%}
{%- set codes = columns.get('codes', {}) -%}
{%- set rest = columns.get('flags', []) + columns.get('numbers', []) + columns.get('texts', []) -%}
{%- set content = critical + dates + codes | list + rest -%}
with
typed as (select * from {{ ref('stg_records__' ~ kind) }}),

hashed as (
    select
        *,
        md5(concat_ws(
            '|'
            {%- for column in content or columns['key'] %},
            coalesce(cast({{ column }} as string), '')
            {%- endfor %}
        )) as record_hash
    from typed
),

keyed as (
    select
        *,
        concat_ws('|', {{ columns['key'] | join(', ') }}) as record_key,
        case
            when id_flags is not null then id_flags
            when unreadable_dates is not null then 'unreadable_date'
            {%- if critical %}
            when {{ critical[0] }} is null then '{{ critical[0] }}_missing'
            {%- endif %}
            {%- if critical | length == 2 %}
            when {{ critical[1] }} < {{ critical[0] }} then 'ended_before_start'
            {%- endif %}
            {%- if kind == 'disabilities' %}
            when disability_code is null then 'disability_code_missing'
            {%- endif %}
        end as problem_code
    from hashed
),

{{ record_fates('keyed') }}

select
    la_code,
    {%- if 'child_id' in columns['key'] %}
    child_id,
    {%- endif %}
    {%- for column in columns.get('ids', []) + critical + dates %}
    {{ column }},
    {%- endfor %}
    {%- for column, (code_set, day) in codes.items() %}
    {{ known_code_as_of(column, code_set, day or 'extract_as_of_date') }} as {{ column }},
    {{ column }}_source,
    {%- endfor %}
    {%- for column in rest %}
    {{ column }},
    {%- endfor %}
    record_key,
    record_hash,
    extract_as_of_date,
    unreadable_values,
    is_replaced,
    {{ fate_columns('unreadable_dates') }}
from fated
{%- endmacro %}

{#-
Records with the episode they belong to: the one whose referral they name, by its day or by the
id that the same delivery gives it; else the child's latest that began by then.
-#}
{% macro with_episode(records) -%}
named_referrals as (
    select
        la_code,
        delivery,
        referral_id,
        max(referral_date) as referral_date
    from {{ ref('std_cin_episode_records') }}
    where referral_id is not null
    group by all
),

named as (
    select
        {{ records }}.*,
        coalesce({{ records }}.referral_date, named_referrals.referral_date) as named_referral_date
    from {{ records }}
    left join named_referrals
        on
            {{ records }}.la_code = named_referrals.la_code
            and {{ records }}.delivery = named_referrals.delivery
            and {{ records }}.referral_id = named_referrals.referral_id
),

placed as (
    select
        named.*,
        episodes.episode_id
    from named
    left join {{ ref('std_cin_episodes') }} as episodes
        on
            named.la_code = episodes.la_code
            and named.child_id = episodes.child_id
            and (
                named.named_referral_date = episodes.referral_date
                or named.start_date >= episodes.referral_date
            )
    qualify row_number() over (
        partition by named.la_code, named.record_key
        order by
            case when named.named_referral_date = episodes.referral_date then 0 else 1 end,
            episodes.referral_date desc nulls last
    ) = 1
)
{%- endmacro %}
