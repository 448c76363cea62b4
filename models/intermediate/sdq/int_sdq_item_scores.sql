-- Each answer to the Strengths and Difficulties Questionnaire scored in the direction of its scale:
-- 2 less the answer where the item is turned round (sdqinfo.org, "Scoring the Strengths &
-- Difficulties Questionnaire for age 4-17", 2014). Both forms have the same items. An informant
-- whom the file doesn't name is one informant.
with
answers as (select * from {{ ref('int_admitted_sdq_answers') }}),
items as (select * from {{ ref('sdq_items') }})

select
    answers.la_code,
    answers.child_id,
    answers.wave,
    coalesce(answers.informant, 'not_stated') as informant,
    answers.form,
    answers.item_number,
    items.scale,
    case when items.is_reversed then 2 - answers.score else answers.score end as item_score,
    answers.answered_date
from answers
inner join items using (item_number)
