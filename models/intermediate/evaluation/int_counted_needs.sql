-- The cases that count when needs are, by the study's choice: the first case of the oldest child of
-- each family where every case of the arm has a family id (FACT22 report, Figure 2), the cases of
-- index children where every case of the arm says whether it is one, else every case. Each recorded
-- case of an arm is in, eligible or not. A need that is missing or unknown is `N0`, not stated.
with
cases as (select * from {{ ref('fct_study_cases') }}),
records as (select * from {{ ref('int_admitted_cin_cases') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),

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
        records.is_index_child,
        coalesce(needs.code, 'N0') as need_code,
        {{ days_between("date '2000-01-01'", 'cases.plan_start_date') }} / 365.25e0
        - records.age_at_plan_start as birth_time_years,
        case
            when
                parameters.need_classified_by = 'oldest_child'
                and count(*) over of_arm = count(cases.family_id) over of_arm
                then 'family'
            when
                parameters.need_classified_by = 'index_child'
                and count(*) over of_arm = count(records.is_index_child) over of_arm
                then 'index_child'
            else 'case'
        end as counted_by
    from cases
    inner join parameters using (study_id)
    inner join records using (la_code, case_id)
    left join needs
        on records.primary_need_code = needs.code
    window of_arm as (partition by cases.study_id, cases.arm)
),

counted as (
    select
        study_id,
        la_code,
        arm,
        case_id,
        need_code,
        counted_by
    from described
    where counted_by != 'index_child' or is_index_child
    qualify
        row_number() over (
            partition by
                study_id,
                la_code,
                arm,
                case when counted_by = 'family' then family_id else case_id end
            order by birth_time_years nulls last, plan_start_date, need_code nulls last, case_id
        ) = 1
)

select * from counted
