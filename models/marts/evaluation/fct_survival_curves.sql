-- The share of cases still open, day by day, by arm and clock: weighted Kaplan-Meier curves with
-- their numbers at risk. Intervals are over cases, or over families where these were allocated.
select * from {{ ref('py_survival_curves') }}
