-- How far apart the arms are in the share that has closed, and in the share that has escalated, by
-- days set beforehand: `incidence_horizon_days` and `survival_horizon_days`. The difference of
-- two weighted Aalen-Johansen curves at one time, with errors by child, or by family where these
-- were allocated (infinitesimal jackknife). None on fewer events than `fewest_events`.
select * from {{ ref('py_incidence_differences') }}
