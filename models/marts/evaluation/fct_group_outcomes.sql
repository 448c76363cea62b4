-- What became of each arm of each sample: rates as proportions, lengths in weeks, with weighted
-- and effective sizes.
select * from {{ ref('py_group_outcomes') }}
