-- An analysis of a study in the build ends in an estimate or in a reason why there is none; never
-- in silence. So does each of its readings.
{{ config(group = 'warehouse') }}
with analyses as (
    select * from {{ ref('int_study_analyses') }}
),

estimates as (
    select * from {{ ref('py_effect_estimates') }}
    where term = 'treated'
)

select
    analyses.study_id,
    analyses.analysis_id,
    estimates.status
from analyses
left join estimates
    on analyses.study_id = estimates.study_id and analyses.analysis_id = estimates.analysis_id
where
    estimates.status is null
    or (estimates.status = 'ok' and estimates.estimate is null)
    or (estimates.status != 'ok' and estimates.status_reason is null)
