-- How many respondents of each organisation say that their stress is mainly due to what, however
-- few they are: fct_staff_stress_factors hides the small groups. Who gave a score and no reason
-- stays among the respondents.
with
answers as (select * from {{ ref('int_staff_stress_answers') }}),

counted as (
    select
        study_id,
        organisation,
        survey_month,
        main_factor,
        count(*) as n
    from answers
    group by all
)

select
    study_id,
    organisation,
    survey_month,
    main_factor,
    n,
    cast(sum(n) over (partition by study_id, organisation, survey_month) as bigint)
        as n_respondents
from counted
