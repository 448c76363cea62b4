-- What followed the closures within 12 and 24 months, at every cut of the data: of those whose
-- window has passed, and of all by the product-limit estimate, in which an open window counts as
-- far as it was watched and never as "nothing happened". None where it would rest on fewer than 5
-- who were watched so far.
with
counted as (select * from {{ ref('py_followups') }}),

studies as (
    select
        study_id,
        base_study_id,
        data_cut,
        max(followed_until) as followed_until
    from {{ ref('int_studies') }}
    group by all
)

select
    studies.base_study_id as study_id,
    studies.followed_until as data_cut,
    studies.data_cut is null as is_latest,
    counted.sample,
    counted.event,
    counted.months,
    counted.arm,
    counted.n_closed,
    counted.n_matured,
    counted.share_matured,
    counted.n_at_risk_end,
    counted.n_events_matured,
    counted.share_of_matured,
    counted.incidence,
    counted.ci_low,
    counted.ci_high,
    counted.status,
    counted.status_reason
from counted
inner join studies using (study_id)
