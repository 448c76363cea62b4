-- One row per child, wave, informant and item of the questionnaire: the answers that were loaded.
with
records as (select * from {{ ref('std_sdq_answer_records') }})

select
    la_code,
    child_id,
    wave,
    form,
    informant,
    item_number,
    score,
    answered_date
from records
where fate = 'loaded'
