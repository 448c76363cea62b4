{%- set limits = {
    'age_at_plan_start': (0, 25),
    'n_siblings_under_18': (0, 20),
    'n_previous_referrals': (0, 90),
    'n_cp_escalations': (0, 90),
    'n_lac_escalations': (0, 90)
} -%}
{%- set flags = ['is_index_child', 'has_disability', 'is_outcome_known'] -%}
{%- set given = [
    'la_code', 'case_id', 'child_id', 'family_id', 'delivery', 'file_name', 'file_key',
    'source_row_number', 'extract_as_of_date', 'plan_start_date', 'closure_date',
    'referral_date', 'birth_date', 'programme_start_date', 'programme_end_date',
    'first_cp_date', 'first_cp_date_during', 'first_cp_date_after', 'first_lac_date',
    'first_lac_date_during', 'first_lac_date_after'
] -%}
{%- set conditions = {'single': 'not is_repeated', 'repeated': 'coalesce(is_repeated, true)'} -%}
-- Every source record of a case and what becomes of it. A record is quarantined when an id or a
-- date that outcomes rest on is missing or can't be read, or when its dates contradict each
-- other (spec: fates and small rules). Keys that stand once, nearly all, are settled in one pass.
with
{% for records, condition in conditions.items() -%}
described_{{ records }} as (
    select
        *,
        coalesce(
            source_case_id, md5(concat_ws('|', la_code, child_id, plan_start_date))
        ) as case_id,
        {{ known_code('sex_code', 'sex') }} as sex,
        {{ known_code('ethnicity_code', 'ethnicity') }} as ethnicity,
        {{ known_code('closure_reason_code', 'closure_reason') }} as closure_reason,
        {{ known_code('primary_need_code', 'primary_need') }} as primary_need,
        {{ known_code('lower(arm)', 'arm') }} as case_arm,
        least(
            first_cp_date, first_cp_date_during, first_cp_date_after,
            first_lac_date, first_lac_date_during, first_lac_date_after
        ) as first_escalation_date
    from {{ ref('stg_case_list__cases') }}
    where {{ condition }}
),

judged_{{ records }} as (
    select
        *,
        case_id as record_key,
        case
            when id_flags is not null then id_flags
            when unreadable_dates is not null then 'unreadable_date'
            when plan_start_date is null then 'plan_start_missing'
            when closure_date < plan_start_date then 'closed_before_start'
            when case_arm = 'UNMAPPED' then 'arm_unknown'
            when case_arm = 'treated' and programme_start_date is null
                then 'programme_start_missing'
            when case_arm = 'treated' and programme_id is null then 'programme_missing'
            when programme_end_date < programme_start_date then 'programme_ended_before_start'
            when first_escalation_date < birth_date then 'escalated_before_birth'
        end as problem_code
    from described_{{ records }}
),

{% endfor -%}
{{ record_fates('judged_repeated') }},

{{ fates_of_single('judged_single') }}

{% for fated in ['fated_single', 'fated'] -%}
select
    {{ given | join(',\n    ') }},
    {% for column, (lowest, highest) in limits.items() -%}
    {{ plausible(column, lowest, highest) }} as {{ column }},
    {% endfor -%}
    sex as sex_code,
    ethnicity as ethnicity_code,
    closure_reason as closure_reason_code,
    primary_need as primary_need_code,
    case_arm as arm,
    {% for column in flags -%}
    {{ yes_no(column) }} as {{ column }},
    {% endfor -%}
    nationality,
    ward,
    programme_id,
    unreadable_dates,
    nullif(concat_ws(
        ', ', unreadable_values
        {%- for column, (lowest, highest) in limits.items() %},
        case when {{ column }} not between {{ lowest }} and {{ highest }} then '{{ column }}' end
        {%- endfor %}
        {%- for column in flags %},
        case when {{ column }} not in ('1', '0') then '{{ column }}' end
        {%- endfor %}
    ), '') as unreadable_values,
    fate,
    quarantine_code
from {{ fated }}
{{ 'union all' if not loop.last }}
{% endfor -%}
