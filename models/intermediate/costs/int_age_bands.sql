-- Under six, or six and over, on the study's first day (FACT22 report, appendix 10, "Costs data"),
-- by the child's birth month, for birth dates don't pass the gate. Without a birth month the age at
-- the plan's start is carried on.
with
study_cases as (select * from {{ ref('fct_study_cases') }}),
cases as (select * from {{ ref('fct_cin_cases') }}),
children as (select * from {{ ref('dim_children') }}),
studies as (select * from {{ ref('int_study_authorities') }}),

ages as (
    select
        study_cases.study_id,
        study_cases.la_code,
        study_cases.case_id,
        case
            when children.birth_month is not null
                then {{ completed_years('children.birth_month', 'studies.study_start') }}
            else
                cases.age_at_plan_start
                + {{ days_between('cases.plan_start_date', 'studies.study_start') }} / 365.25e0
        end as age_at_study_start
    from study_cases
    inner join studies using (study_id, la_code)
    inner join cases using (la_code, case_id)
    left join children
        on cases.la_code = children.la_code and cases.child_id = children.child_id
)

select
    study_id,
    la_code,
    case_id,
    case
        when age_at_study_start < 6 then 'under_6'
        when age_at_study_start >= 6 then '6_and_over'
    end as age_band
from ages
