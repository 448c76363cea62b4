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
cases as (select * from {{ ref('int_admitted_cin_cases') }}),
support as (select * from {{ ref('int_earlier_support') }}),

described as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        cases.age_at_plan_start,
        cases.age_completed_years,
        cast(cases.n_siblings_under_18 as double) as n_siblings_under_18,
        cast(cases.n_previous_referrals as double) as n_previous_referrals,
        {{ days_between(
            'coalesce(studies.balance_origin, studies.earliest_case_start)', 'cases.plan_start_date'
        ) }} / studies.year_days as years_since_start,
        cast({{ completed_months('cases.plan_start_date', 'arms.entry_date') }} as double)
            as months_open_at_entry,
        case when cases.has_disability then 1.0 when not cases.has_disability then 0.0 end
            as has_disability,
        case when support.has_earlier_support then 1.0 else 0.0 end as has_earlier_support,
        cases.age_at_plan_start + {{ days_between(
            'cases.plan_start_date',
            "cast(substr(studies.absence_school_year, 1, 4) || '-08-31' as date)"
        ) }} / 365.25 as age_at_school_year_start,
        cases.sex_code,
        cases.ethnicity_code,
        cases.nationality,
        cases.ward,
        cases.primary_need_code
    from arms
    inner join studies using (study_id, la_code)
    inner join cases using (la_code, case_id)
    inner join support using (study_id, la_code, case_id)
),

attributes as (
    {% for attribute in numbers -%}
    select
        study_id,
        la_code,
        case_id,
        '{{ attribute }}' as attribute,
        {{ attribute }} as number_value,
        {{ whole_units.get(attribute, 'floor(' ~ attribute ~ ')') }} as whole_value,
        cast(null as varchar) as text_value
    from described
    union all
    {% endfor -%}
    {% for attribute in texts -%}
    select
        study_id,
        la_code,
        case_id,
        '{{ attribute }}' as attribute,
        cast(null as double) as number_value,
        cast(null as double) as whole_value,
        {{ attribute }} as text_value
    from described
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select * from attributes
