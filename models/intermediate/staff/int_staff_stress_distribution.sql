-- How many respondents of each organisation gave each stress score, and their mean, however few
-- they are: fct_staff_stress_distribution hides the small groups.
with
answers as (
    select * from {{ ref('int_staff_stress_answers') }}
    where stress_score is not null
),

waves as (
    select
        study_id,
        organisation,
        survey_month,
        count(*) as n_respondents,
        {{ stable_sum('stress_score') }} / count(*) as mean_score
    from answers
    group by all
),

counted as (
    select
        study_id,
        organisation,
        survey_month,
        stress_score,
        count(*) as n
    from answers
    group by all
)

select
    counted.study_id,
    counted.organisation,
    counted.survey_month,
    counted.stress_score,
    counted.n,
    waves.n_respondents,
    waves.mean_score
from counted
inner join waves
    on
        counted.study_id = waves.study_id
        and counted.organisation = waves.organisation
        and counted.survey_month is not distinct from waves.survey_month
