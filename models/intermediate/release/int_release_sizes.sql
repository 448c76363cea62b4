-- The size of each arm of each sample as released; null where it is hidden.
select distinct
    study_id,
    sample,
    arm,
    n_cases as n
from {{ ref('int_release_groups') }}
where population = 'all'
