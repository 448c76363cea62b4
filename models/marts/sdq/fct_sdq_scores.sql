-- What each child of a study scores on the Strengths and Difficulties Questionnaire, by scale and
-- in total (Project Crewe report, appendix 6): children of eligible cases and those that were
-- allocated, siblings too.
with
scores as (select * from {{ ref('int_sdq_scores') }}),
first_cases as (select * from {{ ref('int_first_cases') }}),
study_cases as (select * from {{ ref('fct_study_cases') }}),

allocated as (
    select * from {{ ref('fct_matched_cases') }}
    where method = 'allocated_children'
),

children as (
    select
        study_cases.study_id,
        study_cases.la_code,
        study_cases.child_id,
        study_cases.case_id,
        study_cases.arm,
        allocated.case_id is not null as is_compared
    from study_cases
    inner join first_cases using (study_id, la_code, child_id, case_id)
    left join allocated using (study_id, la_code, case_id)
    where study_cases.is_eligible or allocated.case_id is not null
)

select
    children.study_id,
    children.la_code,
    children.child_id,
    children.case_id,
    children.arm,
    children.is_compared,
    scores.wave,
    scores.informant,
    scores.form,
    scores.answered_date,
    scores.scale,
    scores.n_items,
    scores.score,
    case when scores.score is null then 'not_estimable' else 'ok' end as status,
    case
        when scores.score is not null then null
        when scores.scale = 'total'
            then 'scale_missing: a total needs a score on every scale that counts in it'
        else 'too_few_items: fewer than three of the five items of the scale were answered'
    end as status_reason
from scores
inner join children using (study_id, la_code, child_id)
