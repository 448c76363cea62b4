-- The probability of being treated, given the covariates, of every eligible case: from an
-- unweighted logit. Where the arms' scores don't overlap, comparisons rest on the model alone.
with
scores as (select * from {{ ref('py_propensity_scores') }}),
studies as (select study_id from {{ ref('studies') }})

select
    scores.study_id,
    scores.la_code,
    scores.case_id,
    scores.arm,
    scores.score,
    scores.status,
    scores.status_reason
from scores
inner join studies using (study_id)
