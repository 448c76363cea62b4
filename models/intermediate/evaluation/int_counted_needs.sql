-- The cases that count when needs are: the first case of the oldest child of each family where
-- every case of the arm has a family id, else every case. Each recorded case of an arm is in,
-- eligible or not. A need that is missing or unknown is `N0`, not stated.
with
cases as (select * from {{ ref('fct_study_cases') }}),
details as (select * from {{ ref('fct_cin_cases') }}),

needs as (
    select code from {{ ref('code_sets') }}
    where code_set = 'primary_need'
),

described as (
    select
        cases.study_id,
        cases.la_code,
        cases.arm,
        cases.case_id,
        cases.family_id,
        cases.plan_start_date,
        coalesce(needs.code, 'N0') as need_code,
        {{ days_between("date '2000-01-01'", 'cases.plan_start_date') }} / 365.25
        - details.age_at_plan_start as birth_time_years,
        count(*) over (partition by cases.study_id, cases.arm)
        = count(cases.family_id) over (partition by cases.study_id, cases.arm) as has_families
    from cases
    inner join details using (la_code, case_id)
    left join needs
        on details.primary_need_code = needs.code
),

counted as (
    select
        study_id,
        la_code,
        arm,
        case_id,
        need_code,
        case when has_families then 'family' else 'case' end as counted_by
    from described
    qualify
        row_number() over (
            partition by
                study_id, la_code, arm, case when has_families then family_id else case_id end
            order by birth_time_years nulls last, plan_start_date, need_code, case_id
        ) = 1
)

select * from counted
