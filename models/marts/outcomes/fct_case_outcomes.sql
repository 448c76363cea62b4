-- Every outcome of every case of a study in one shape: a value, the dates it rests on, and
-- whether it is censored. Binary outcomes are 1 or 0; lengths are in days. A null value means
-- that the outcome can't be told for this case.
with
outcomes as (select * from {{ ref('int_case_outcomes') }}),
studies as (select study_id from {{ ref('studies') }})

select
    outcomes.study_id,
    outcomes.la_code,
    outcomes.case_id,
    outcomes.outcome,
    outcomes.arm,
    outcomes.origin_date,
    outcomes.event_date,
    outcomes.value,
    outcomes.is_censored,
    outcomes.observed_until_date,
    outcomes.definition_hash
from outcomes
inner join studies using (study_id)
