-- The share of cases still open, day by day, by arm and clock: weighted Kaplan-Meier curves
-- with their numbers at risk.
with curves as (
    select * from {{ ref('py_survival_curves') }}
)

select
    study_id,
    sample,
    clock,
    arm,
    cast(time_days as integer) as time_days,
    cast(n_at_risk as double) as n_at_risk,
    cast(n_event as double) as n_event,
    cast(survival as double) as survival,
    cast(ci_low as double) as ci_low,
    cast(ci_high as double) as ci_high
from curves
