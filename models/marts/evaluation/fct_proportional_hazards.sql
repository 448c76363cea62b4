-- Does a coefficient of a Cox analysis drift with time, its covariates in the model? Score test of
-- R's cox.zph since survival 3.0 (Grambsch and Therneau 1994), term by term and jointly.
select * from {{ ref('py_proportional_hazards') }}
