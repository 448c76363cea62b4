-- One row per respondent, item and day of the survey: the answers that were loaded.
with
records as (select * from {{ ref('std_staff_survey_records') }})

select
    la_code,
    programme_id,
    respondent_id,
    organisation,
    role,
    item_number,
    score,
    survey_date
from records
where fate = 'loaded'
