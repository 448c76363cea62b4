-- Every record of a Strengths and Difficulties Questionnaire and what becomes of it: one answer, by
-- one informant at one wave, to one of its 25 items, from 0 to 2.
with
answers as (select * from {{ ref('stg_study_files__sdq_answers') }}),

judged as (
    select
        *,
        concat_ws('|', child_id, wave, item_number, informant) as record_key,
        case
            when id_flags is not null then id_flags
            when wave is null then 'wave_unreadable'
            when form not in ('early_years', 'school_age') then 'sdq_form_unknown'
            when coalesce(item_number, 0) not between 1 and 25 then 'sdq_item_unknown'
            when coalesce(score, -1) not between 0 and 2 then 'sdq_score_out_of_range'
        end as problem_code
    from answers
),

{{ record_fates('judged') }}

select
    la_code,
    child_id,
    wave,
    form,
    informant,
    item_number,
    score,
    answered_date,
    {{ fate_columns('unreadable_values') }}
from fated
