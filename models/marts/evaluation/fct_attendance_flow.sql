-- From the allocated children to the pupils whose absences a trial compares, by arm (Project Crewe
-- report, "Attendance" and appendix 6). Of school age is who is from 4 to 15 years old on the 31st
-- of August on which the study's school year begins, or has a school record; primary is who was
-- under 11 when the plan started. A study that names no school year has no rows.
{%- set steps = {
    'allocated': 'true',
    'of_school_age': 'is_of_school_age',
    'without_objection': 'is_of_school_age and not is_objecting',
    'linked': 'is_linked',
    'linked_primary': 'is_linked and age_completed_years < 11',
    'linked_secondary': 'is_linked and age_completed_years >= 11'
} %}
with
studies as (
    select
        study_id,
        cast(substr(absence_school_year, 1, 4) || '-08-31' as date) as school_year_begins
    from {{ ref('int_study_settings') }}
    where reading = 'main' and absence_school_year is not null
),

first_cases as (select * from {{ ref('int_first_cases') }}),
cases as (select * from {{ ref('fct_cin_cases') }}),
absences as (select * from {{ ref('int_absences') }}),

allocated as (
    select * from {{ ref('fct_matched_cases') }}
    where method = 'allocated_children'
),

objections as (
    select distinct
        la_code,
        child_id
    from {{ ref('int_admitted_objections') }}
    where objects_to = 'school_data'
),

children as (
    select
        allocated.study_id,
        allocated.arm,
        cases.age_completed_years,
        absences.case_id is not null as is_linked,
        objections.child_id is not null as is_objecting,
        absences.case_id is not null or coalesce(
            floor(
                cases.age_at_plan_start
                + {{ days_between('cases.plan_start_date', 'studies.school_year_begins') }}
                / 365.25e0
            ) between 4 and 15,
            false
        ) as is_of_school_age
    from allocated
    inner join studies using (study_id)
    inner join first_cases using (study_id, la_code, case_id)
    inner join cases using (la_code, case_id)
    left join absences using (study_id, la_code, case_id)
    left join objections
        on first_cases.la_code = objections.la_code and first_cases.child_id = objections.child_id
),

arms as (
    {% for arm in ['treated', 'comparator'] -%}
    select
        study_id,
        '{{ arm }}' as arm
    from studies
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

flow as (
    {% for step, condition in steps.items() -%}
    select
        arms.study_id,
        {{ loop.index }} as step_order,
        '{{ step }}' as step,
        arms.arm,
        count(case when {{ condition }} then children.study_id end) as n_children
    from arms
    left join children using (study_id, arm)
    group by arms.study_id, arms.arm
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    study_id,
    step_order,
    step,
    arm,
    n_children
from flow
