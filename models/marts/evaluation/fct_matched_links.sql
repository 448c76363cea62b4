-- One row per treated case and comparator it is matched to. A treated case shares a weight of
-- one equally among its comparators.
with
pairs as (select * from {{ ref('int_matched_pairs') }})

select
    study_id,
    'cem_caliper' as method,
    la_code,
    treated_case_id,
    comparator_case_id,
    gap_days,
    cast(1.0 as double) / count(*) over (partition by study_id, treated_case_id) as weight
from pairs
