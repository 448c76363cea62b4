-- Every record of a staff survey and what becomes of it: one answer to one of the 35 items of the
-- HSE Management Standards Indicator Tool, from 1 to 5.
with
answers as (select * from {{ ref('stg_study_files__staff_survey') }}),

judged as (
    select
        *,
        concat_ws('|', programme_id, respondent_id, item_number, survey_date) as record_key,
        case
            when id_flags is not null then id_flags
            when unreadable_dates is not null then 'unreadable_date'
            when coalesce(organisation, '') not in ('programme', 'authority')
                then 'organisation_unknown'
            when coalesce(item_number, 0) not between 1 and 35 then 'survey_item_unknown'
            when coalesce(score, 0) not between 1 and 5 then 'score_out_of_range'
        end as problem_code
    from answers
),

{{ record_fates('judged') }}

select
    la_code,
    programme_id,
    respondent_id,
    organisation,
    role,
    item_number,
    score,
    survey_date,
    delivery,
    file_name,
    file_key,
    source_row_number,
    unreadable_dates,
    fate,
    quarantine_code
from fated
