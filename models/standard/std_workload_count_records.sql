-- Every record of counted visits or cases and what becomes of it: how many visits a month a family
-- has or a worker makes, or how many cases a worker holds on a day.
with
counts as (select * from {{ ref('stg_study_files__workload_counts') }}),

judged as (
    select
        *,
        concat_ws('|', respondent_id, organisation, measure, counted_date, programme_id)
            as record_key,
        case
            when id_flags is not null then id_flags
            when unreadable_dates is not null then 'unreadable_date'
            when coalesce(organisation, '') not in ('programme', 'authority')
                then 'organisation_unknown'
            when coalesce(measure, '') not in ('visits_in_month', 'cases_held')
                then 'measure_unknown'
            when counted_date is null then 'counted_date_missing'
            when coalesce(n_counted, -1) < 0 then 'count_unreadable'
        end as problem_code
    from counts
),

{{ record_fates('judged') }}

select
    la_code,
    programme_id,
    respondent_id,
    organisation,
    measure,
    counted_date,
    n_counted,
    {{ fate_columns('unreadable_dates') }}
from fated
