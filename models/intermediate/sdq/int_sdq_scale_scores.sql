-- The five scales of each questionnaire, 0 to 10. At least three of a scale's five items must be
-- answered; the score is five times their mean, rounded to the nearest whole and up from a half
-- (sdqinfo.org, "Scoring the Strengths & Difficulties Questionnaire for age 4-17", 2014: 4 over
-- three items is 7; its program rounds by floor(0.5 + score)). A questionnaire with an answer on
-- the form for younger children is of that form.
with
item_scores as (select * from {{ ref('int_sdq_item_scores') }}),

scales as (
    select distinct
        scale,
        counts_in_total
    from {{ ref('sdq_items') }}
),

questionnaires as (
    select
        la_code,
        child_id,
        wave,
        informant,
        min(form) as form,
        min(answered_date) as answered_date,
        count(*) as n_answers
    from item_scores
    group by la_code, child_id, wave, informant
),

answered as (
    select
        la_code,
        child_id,
        wave,
        informant,
        scale,
        count(*) as n_items,
        sum(item_score) as points
    from item_scores
    group by la_code, child_id, wave, informant, scale
)

select
    questionnaires.la_code,
    questionnaires.child_id,
    questionnaires.wave,
    questionnaires.informant,
    questionnaires.form,
    questionnaires.answered_date,
    questionnaires.n_answers,
    scales.scale,
    scales.counts_in_total,
    coalesce(answered.n_items, 0) as n_items,
    case
        when answered.n_items >= 3
            then cast(floor(0.5 + 5.0 * answered.points / answered.n_items) as integer)
    end as score
from questionnaires
cross join scales
left join answered using (la_code, child_id, wave, informant, scale)
