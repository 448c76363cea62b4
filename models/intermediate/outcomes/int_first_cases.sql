-- The case by which a study counts a child, for what is known of children and not of cases (school
-- absences, questionnaires): the one that started first; of two that started on a day the one
-- further up in its file.
with
arms as (select * from {{ ref('int_study_arms') }}),

ranked as (
    select
        study_id,
        la_code,
        child_id,
        case_id,
        arm,
        row_number() over (
            partition by study_id, la_code, child_id
            order by plan_start_date, file_key, source_row_number
        ) as case_rank
    from arms
)

select
    study_id,
    la_code,
    child_id,
    case_id,
    arm
from ranked
where case_rank = 1
