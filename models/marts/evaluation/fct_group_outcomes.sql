-- What became of each arm of each sample: rates as proportions, lengths in weeks, numbers in their
-- own unit, with weighted and effective sizes, and of rates the events and, where every case counts
-- once, the exact interval (Clopper and Pearson 1934). Intervals are by child, and by family where
-- families were allocated (`arm_source`).
select * from {{ ref('py_group_outcomes') }}
