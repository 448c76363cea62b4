-- Each respondent's answer to a survey of stress that gives one score and one reason, by the month
-- it was given in: a month is a wave (Project Crewe, "Stress", and Figure 12). Who answered twice
-- in a month counts with the first answer.
with
studies as (select * from {{ ref('int_study_authorities') }}),
scores as (select * from {{ ref('int_admitted_staff_stress_scores') }}),

ranked as (
    select
        studies.study_id,
        scores.organisation,
        cast(date_trunc('month', scores.survey_date) as date) as survey_month,
        scores.respondent_id,
        scores.stress_score,
        coalesce(scores.main_factor, 'not_stated') as main_factor,
        row_number() over (
            partition by
                studies.study_id, scores.organisation, scores.respondent_id,
                date_trunc('month', scores.survey_date)
            order by
                scores.survey_date, scores.stress_score nulls last, scores.main_factor nulls last
        ) as answer_rank
    from studies
    inner join scores on {{ is_of_study('scores') }}
)

select
    study_id,
    organisation,
    survey_month,
    respondent_id,
    stress_score,
    main_factor
from ranked
where answer_rank = 1
