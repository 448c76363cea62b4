-- Every record of a survey of staff stress and what becomes of it: a respondent's score on the
-- scale of the tool used, what it is mainly due to, or both.
with
scores as (select * from {{ ref('stg_study_files__staff_stress') }}),

judged as (
    select
        *,
        concat_ws('|', respondent_id, programme_id, survey_date) as record_key,
        case
            when id_flags is not null then id_flags
            when unreadable_dates is not null then 'unreadable_date'
            when coalesce(organisation, '') not in ('programme', 'authority')
                then 'organisation_unknown'
            when stress_score is null and is_score_given then 'stress_score_unreadable'
            when stress_score is null and main_factor is null then 'stress_answer_missing'
        end as problem_code
    from scores
),

{{ record_fates('judged') }}

select
    la_code,
    programme_id,
    respondent_id,
    organisation,
    role,
    survey_date,
    stress_score,
    main_factor,
    {{ fate_columns('unreadable_dates') }}
from fated
