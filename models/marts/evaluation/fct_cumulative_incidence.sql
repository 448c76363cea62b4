-- The share of cases that closed without a later escalation, and the share that escalated, day by
-- day: each counts the other as an end of its own and not as censoring (Aalen and Johansen 1978).
-- Matched samples are weighted, with errors by child. All eligible cases count alike, with the
-- errors of R's cmprsk; where some are seen late, with those of the infinitesimal jackknife. Where
-- families were allocated (`arm_source`) and one has several cases, errors are by family.
select * from {{ ref('py_cumulative_incidence') }}
