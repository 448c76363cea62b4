-- One row per estimate: what the programme changed, how sure one can be, on how many cases it
-- rests, and whether it may be read: the worst verdict of its diagnostics and whether it was
-- planned. Where the data can't carry an estimate, status says not_estimable and status_reason why.
with
fitted as (select * from {{ ref('py_effect_estimates') }}),

analyses as (
    select * from {{ ref('int_study_analyses') }}
    where reading = 'main'
),

verdicts as (select * from {{ ref('int_analysis_verdicts') }}),
plans as (select * from {{ ref('int_analysis_plan_status') }})

select
    fitted.*,
    case when analyses.estimator in ('cox', 'cox_stacked', 'rmst') then analyses.clock end as clock,
    analyses.parameter_hash,
    verdicts.worst_verdict,
    plans.plan_status,
    plans.plan_version,
    plans.n_deviations as n_plan_deviations
from fitted
inner join analyses using (study_id, analysis_id)
inner join plans using (study_id, analysis_id)
left join verdicts using (study_id, analysis_id)
