{%- set dates = [
    'plan_start_date', 'closure_date', 'referral_date', 'programme_start_date',
    'programme_end_date',
    'first_cp_date', 'first_cp_date_during', 'first_cp_date_after',
    'first_lac_date', 'first_lac_date_during', 'first_lac_date_after'
] -%}
{%- set numbers = {
    'age_at_plan_start': 'double',
    'n_siblings_under_18': 'integer',
    'n_previous_referrals': 'integer',
    'n_cp_escalations': 'integer',
    'n_lac_escalations': 'integer'
} -%}
{%- set codes = [
    'sex_code', 'ethnicity_code', 'closure_reason_code', 'primary_need_code', 'arm',
    'is_index_child', 'has_disability', 'is_outcome_known'
] -%}
-- One row per record of a case list, typed: text becomes dates, numbers and codes, and what
-- can't be read is named.
with
landed as (select * from {{ source('landing', 'case_list__cases') }}),
repeated as (select * from {{ ref('stg_case_list__repeated_cases') }}),

source as (
    select
        landed.*,
        repeated.case_key is not null as is_repeated,
        {{ typed_dates(dates + ['birth_date']) }},
        {{ typed_numbers(numbers) }}
    from landed
    left join repeated
        on
            {{ key_hash('landed.la_code', 'coalesce(landed.case_id, landed.child_id)') }}
            = repeated.case_key
),

typed as (
    select
        la_code,
        case_id as source_case_id,
        child_id,
        family_id,
        delivery,
        file_name,
        file_key,
        source_row_number,
        record_hash,
        id_flags,
        is_repeated,
        extract_as_of_date,
        {% for column in dates + ['birth_date'] -%}
        {{ column }}_typed as {{ column }},
        {% endfor -%}
        {% for column in numbers -%}
        {{ column }}_typed as {{ column }},
        {% endfor -%}
        {% for column in codes -%}
        {{ stated(column) }} as {{ column }},
        {{ column }}_source,
        {% endfor -%}
        {{ stated('nationality') }} as nationality,
        {{ stated('ward') }} as ward,
        {{ stated('programme_id') }} as programme_id,
        {{ unreadable(
            dates=dates, date_lists=['rereferral_dates', 'earlier_support_dates'], typed=true
        ) }} as unreadable_dates,
        {{ unreadable(dates=['birth_date'], numbers=numbers, typed=true) }} as unreadable_values
    from source
)

select * from typed
