-- The share of cases still open, day by day, that a Cox analysis implies for each arm with the
-- other covariates at their weighted means: exp(-cumulative hazard), Breslow's steps with ties
-- taken as Efron does (R's survfit of a coxph).
select * from {{ ref('py_cox_curves') }}
