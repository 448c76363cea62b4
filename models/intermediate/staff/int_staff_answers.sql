-- Each answer to a study's staff survey, turned so that a high score means more stress: the report
-- reads low as good (FACT22, appendix 4, "Staff stress"), the tool's own scores go the other way.
-- Who answered an item more than once counts with the first answer.
with
studies as (select * from {{ ref('int_study_authorities') }}),
answers as (select * from {{ ref('int_admitted_staff_survey_answers') }}),
items as (select * from {{ ref('stress_items') }}),

ranked as (
    select
        studies.study_id,
        answers.organisation,
        answers.respondent_id,
        min(answers.role) over (
            partition by studies.study_id, answers.organisation, answers.respondent_id
        ) as role,
        answers.item_number,
        answers.score,
        row_number() over (
            partition by
                studies.study_id, answers.organisation, answers.respondent_id, answers.item_number
            order by answers.survey_date nulls last, answers.score
        ) as answer_rank
    from studies
    inner join answers
        on
            studies.la_code = answers.la_code
            and (studies.programme_id = answers.programme_id or answers.programme_id is null)
)

select
    ranked.study_id,
    ranked.organisation,
    ranked.respondent_id,
    coalesce(ranked.role, 'not_stated') as role,
    ranked.item_number,
    items.scale,
    case when items.is_reversed then 6 - ranked.score else ranked.score end as stress_score
from ranked
inner join items using (item_number)
where ranked.answer_rank = 1
