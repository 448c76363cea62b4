-- One row per record of a Strengths and Difficulties Questionnaire, item by item, typed. What is
-- compared between records is form and score: on which day it was answered may differ.
with
source as (select * from {{ source('landing', 'study_files__sdq_answers') }}),

typed as (
    select
        {{ landed_columns() }},
        child_id,
        {{ try_whole_number('wave') }} as wave,
        form,
        {{ stated('lower(informant)') }} as informant,
        {{ try_whole_number('item_number') }} as item_number,
        {{ try_whole_number('score') }} as score,
        {{ typed_date('answered_date') }} as answered_date,
        {{ unreadable(dates=['answered_date']) }} as unreadable_values,
        md5(concat_ws('|', coalesce(form, ''), {{ try_whole_number('score') }})) as record_hash
    from source
)

select * from typed
