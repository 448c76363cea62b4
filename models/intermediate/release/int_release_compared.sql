-- Whether an estimate that stands beside the main one may be shown: where the counts of the main
-- one's outcome may be, those of its own sample and, of another reading of the rules, where that
-- moves enough cases.
with
compared as (select * from {{ ref('int_compared_estimates') }}),
analyses as (select * from {{ ref('int_release_analyses') }}),
readings as (select * from {{ ref('int_release_readings') }}),

judged as (
    select
        compared.study_id,
        compared.reading,
        compared.analysis_id,
        main.is_shown
        and coalesce(own.is_shown, true)
        and (compared.reading = 'main' or coalesce(readings.is_shown, false)) as is_shown,
        case when not main.is_shown then main.disclosure else own.disclosure end as disclosure,
        case
            when not main.is_shown then main.disclosure_reason
            else own.disclosure_reason
        end as disclosure_reason
    from compared
    inner join analyses as main
        on compared.study_id = main.study_id and compared.main_analysis_id = main.analysis_id
    left join analyses as own
        on
            compared.study_id = own.study_id
            and compared.analysis_id = own.analysis_id
            and compared.reading = 'main'
    left join readings
        on
            compared.study_id = readings.study_id
            and compared.reading = readings.reading
            and compared.sample = readings.sample
            and compared.outcome = readings.outcome
)

select
    study_id,
    reading,
    analysis_id,
    is_shown,
    case when is_shown then 'shown' else coalesce(disclosure, 'c') end as disclosure,
    case
        when not is_shown then coalesce(disclosure_reason, 'Too few cases make the difference')
    end as disclosure_reason
from judged
