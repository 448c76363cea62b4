-- What became of each arm of each sample: rates as proportions, lengths in weeks, with weighted
-- and effective sizes.
with groups as (
    select * from {{ ref('py_group_outcomes') }}
)

select
    study_id,
    sample,
    outcome,
    arm,
    cast(n as bigint) as n,
    cast(n_weighted as double) as n_weighted,
    cast(ess as double) as ess,
    cast(value as double) as value,
    cast(ci_low as double) as ci_low,
    cast(ci_high as double) as ci_high,
    unit
from groups
