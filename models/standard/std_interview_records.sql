-- Every record of a list of interviews and what becomes of it. A participant is interviewed once a
-- day at most.
with
interviews as (select * from {{ ref('stg_study_files__interviews') }}),

judged as (
    select
        *,
        concat_ws('|', participant_id, interview_date, programme_id) as record_key,
        case
            when id_flags is not null then id_flags
            when unreadable_dates is not null then 'unreadable_date'
            when participant_type is null then 'participant_type_missing'
            when organisation not in ('programme', 'authority') then 'organisation_unknown'
            when interview_date is null then 'interview_date_missing'
            when topic not in ('experience', 'delivery') then 'topic_unknown'
        end as problem_code
    from interviews
),

{{ record_fates('judged') }}

select
    la_code,
    programme_id,
    participant_id,
    participant_type,
    organisation,
    interview_date,
    case_number,
    case_outcome,
    topic,
    {{ fate_columns('unreadable_dates') }}
from fated
