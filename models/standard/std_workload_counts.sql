-- One row per respondent, organisation, measure and day: the counts that were loaded.
with
records as (select * from {{ ref('std_workload_count_records') }})

select
    la_code,
    programme_id,
    respondent_id,
    organisation,
    measure,
    counted_date,
    n_counted
from records
where fate = 'loaded'
