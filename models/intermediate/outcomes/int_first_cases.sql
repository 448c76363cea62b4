-- The case by which a study counts a child, for what is known of children and not of cases (school
-- absences, questionnaires): the one that started first; of two that started on a day the one
-- further up in its file. Only studies that ask for absences, or whose authorities have answers to
-- questionnaires, are here.
with
arms as (select * from {{ ref('int_study_cases') }}),

studies as (
    select
        study_id,
        la_code
    from {{ ref('int_studies') }}
    where
        absence_school_year is not null
        or la_code in (select la_code from {{ ref('int_admitted_sdq_answers') }})
),

ranked as (
    select
        arms.study_id,
        arms.la_code,
        arms.child_id,
        arms.case_id,
        arms.arm,
        row_number() over (
            partition by arms.study_id, arms.la_code, arms.child_id
            order by arms.plan_start_date, arms.file_key, arms.source_row_number
        ) as case_rank
    from arms
    inner join studies using (study_id, la_code)
)

select
    study_id,
    la_code,
    child_id,
    case_id,
    arm
from ranked
where case_rank = 1
