{{ config(materialized='view' if target.type == 'duckdb' else 'table') }}
{%- set given = [
    'is_index_child', 'has_disability', 'is_outcome_known', 'ward', 'n_siblings_under_18',
    'n_previous_referrals', 'age_at_plan_start', 'unreadable_values'
] -%}
{%- set shared = [
    'la_code', 'case_id', 'child_id', 'family_id', 'referral_date', 'plan_start_date',
    'closure_date', 'closure_reason_code', 'primary_need_code', 'birth_date', 'sex_code',
    'ethnicity_code', 'nationality', 'made_of', 'extract_as_of_date', 'file_key',
    'source_row_number'
] -%}
-- One row per case of children in need: cases of case lists as their authority gave them, and
-- those that returns hold. Age is counted from the birth date by the calendar where there is one,
-- else taken as given. Earlier referrals of a return are counted as far back as returns reach.
with
listed as (
    select
        *,
        'list' as made_of
    from {{ ref('std_cin_case_records') }}
    where fate = 'loaded'
),

returned as (select * from {{ ref('std_return_cases') }}),

cases as (
    select
        {{ (shared + given) | join(',\n        ') }}
    from listed
    union all
    select
        {{ (shared + given) | join(',\n        ') }}
    from returned
)

select
    la_code,
    case_id,
    child_id,
    family_id,
    referral_date,
    plan_start_date,
    closure_date,
    closure_reason_code,
    primary_need_code,
    case
        when birth_date <= plan_start_date
            then round({{ days_between('birth_date', 'plan_start_date') }} / 365.25e0, 1)
        when birth_date is null then age_at_plan_start
    end as age_at_plan_start,
    case
        when birth_date <= plan_start_date
            then {{ completed_years('birth_date', 'plan_start_date') }}
        when birth_date is null then cast(floor(age_at_plan_start) as integer)
    end as age_completed_years,
    birth_date > plan_start_date as is_unborn_at_plan_start,
    sex_code,
    ethnicity_code,
    nationality,
    ward,
    n_siblings_under_18,
    n_previous_referrals,
    is_index_child,
    has_disability,
    is_outcome_known,
    made_of,
    unreadable_values,
    extract_as_of_date,
    file_key,
    source_row_number
from cases
