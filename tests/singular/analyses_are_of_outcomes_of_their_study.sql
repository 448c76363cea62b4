-- An analysis needs its outcome among the outcomes of its study, for its unit, and among the
-- definitions.
with analyses as (
    select * from {{ ref('study_analyses') }}
),

outcomes as (
    select * from {{ ref('study_outcomes') }}
),

definitions as (
    select * from {{ ref('outcome_definitions') }}
)

select
    analyses.study_id,
    analyses.analysis_id,
    analyses.outcome
from analyses
left join outcomes
    on analyses.study_id = outcomes.study_id and analyses.outcome = outcomes.outcome
left join definitions
    on analyses.outcome = definitions.outcome
where outcomes.outcome is null or definitions.outcome is null
