-- Median case length and mean length up to `survival_horizon_days`, by arm and clock: read off the
-- weighted curves of `fct_survival_curves` (the mean is the area under the curve).
select * from {{ ref('py_survival_summaries') }}
