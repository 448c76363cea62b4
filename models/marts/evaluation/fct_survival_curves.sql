-- The share of cases still open, day by day, by arm and clock: weighted Kaplan-Meier curves with
-- their numbers at risk.
select * from {{ ref('py_survival_curves') }}
