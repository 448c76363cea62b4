-- Every record of an enrolment file and what becomes of it. Enrolments kept in the case's own
-- row share that row's fate.
with
enrolments as (
    select * from {{ ref('stg_case_list__programme_enrolments') }}
    union all
    select * from {{ ref('stg_study_files__programme_enrolments') }}
),

described as (
    select
        *,
        {{ known_code('lower(arm)', 'arm') }} as case_arm,
        concat_ws('|', child_id, source_case_id, programme_id, start_date) as record_key
    from enrolments
),

judged as (
    select
        *,
        case
            when id_flags is not null then id_flags
            when unreadable_dates is not null then 'unreadable_date'
            when start_date is null then 'programme_start_missing'
            when programme_id is null then 'programme_missing'
            when case_arm = 'UNMAPPED' then 'arm_unknown'
            when end_date < start_date then 'programme_ended_before_start'
        end as problem_code
    from described
),

{{ record_fates('judged') }}

select
    la_code,
    child_id,
    source_case_id as case_id,
    programme_id,
    coalesce(case_arm, 'treated') as arm,
    start_date,
    end_date,
    delivery,
    file_name,
    file_key,
    source_row_number,
    unreadable_dates,
    fate,
    quarantine_code
from fated
