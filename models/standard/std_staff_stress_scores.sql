-- One row per respondent and day of a survey of staff stress: the answers that were loaded.
with
records as (select * from {{ ref('std_staff_stress_records') }})

select
    la_code,
    programme_id,
    respondent_id,
    organisation,
    role,
    survey_date,
    stress_score,
    main_factor
from records
where fate = 'loaded'
