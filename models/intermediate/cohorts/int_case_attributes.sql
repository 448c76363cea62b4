{{ config(materialized='view') }}
{%- set numbers = [
    'age_at_plan_start', 'n_siblings_under_18', 'n_previous_referrals', 'years_since_start',
    'months_open_at_entry', 'has_disability', 'has_earlier_support', 'age_at_school_year_start'
] -%}
{%- set whole_units = {'age_at_plan_start': 'age_completed_years'} -%}
{%- set texts = ['sex_code', 'ethnicity_code', 'nationality', 'ward', 'primary_need_code'] -%}
-- What is known of a case at its plan start, one row per attribute: a number (as it is and in
-- whole units, ages by the birthday) or a text. Covariates are chosen from these by
-- configuration, so a new covariate is a row in `study_covariates`.
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
support as (select * from {{ ref('int_earlier_support') }}),

described as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        arms.is_eligible,
        arms.age_at_plan_start,
        arms.age_completed_years,
        cast(arms.n_siblings_under_18 as double) as n_siblings_under_18,
        cast(arms.n_previous_referrals as double) as n_previous_referrals,
        {{ days_between(
            'coalesce(studies.balance_origin, studies.earliest_case_start)', 'arms.plan_start_date'
        ) }} / studies.year_days as years_since_start,
        cast({{ completed_months('arms.plan_start_date', 'arms.entry_date') }} as double)
            as months_open_at_entry,
        case when arms.has_disability then 1.0 when not arms.has_disability then 0.0 end
            as has_disability,
        case
            when support.has_earlier_support then 1.0
            when not support.has_earlier_support then 0.0
        end as has_earlier_support,
        arms.age_at_plan_start + {{ days_between(
            'arms.plan_start_date',
            "cast(substr(studies.absence_school_year, 1, 4) || '-08-31' as date)"
        ) }} / 365.25e0 as age_at_school_year_start,
        arms.sex_code,
        arms.ethnicity_code,
        arms.nationality,
        arms.ward,
        arms.primary_need_code
    from arms
    inner join studies using (study_id, la_code)
    left join support using (study_id, la_code, case_id)
),

attributes as (
    {% for attribute in numbers -%}
    select
        study_id,
        la_code,
        case_id,
        is_eligible,
        '{{ attribute }}' as attribute,
        {{ attribute }} as number_value,
        {{ whole_units.get(attribute, 'floor(' ~ attribute ~ ')') }} as whole_value,
        cast(null as string) as text_value
    from described
    union all
    {% endfor -%}
    {% for attribute in texts -%}
    select
        study_id,
        la_code,
        case_id,
        is_eligible,
        '{{ attribute }}' as attribute,
        cast(null as double) as number_value,
        cast(null as double) as whole_value,
        {{ attribute }} as text_value
    from described
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select * from attributes
