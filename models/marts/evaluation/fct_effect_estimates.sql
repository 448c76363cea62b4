-- One row per estimate: what the programme changed, how sure one can be, and on how many cases it
-- rests. Where the data can't carry an estimate, status says not_estimable and status_reason why.
with
fitted as (select * from {{ ref('py_effect_estimates') }}),
analyses as (select * from {{ ref('int_study_analyses') }})

select
    fitted.*,
    analyses.parameter_hash
from fitted
inner join analyses using (study_id, analysis_id)
