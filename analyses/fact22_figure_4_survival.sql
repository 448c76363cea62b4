-- FACT22 report, Figure 4: percentage of CIN cases still open, by days since the start of the study
-- or of the plan, whichever is later. Its printed title says "closed", its axis shows open cases.
-- Treated cases cannot close before they enter the programme, so the early gap is no effect.
with curves as (
    select * from {{ ref('fct_survival_curves') }}
    where study_id = 'fact22' and sample = 'cem_caliper' and clock = 'later_of_both'
)

select
    time_days,
    arm,
    round(100 * survival, 1) as still_open_percent,
    round(100 * ci_low, 1) as low_percent,
    round(100 * ci_high, 1) as high_percent,
    round(n_at_risk, 1) as n_at_risk_weighted
from curves
order by time_days asc, arm desc
