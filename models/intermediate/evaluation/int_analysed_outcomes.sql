-- What became of the analysed cases, in the outcomes that an analysis asks for.
with
outcomes as (select * from {{ ref('int_case_outcomes') }}),

cases as (
    select distinct
        study_id,
        la_code,
        case_id
    from {{ ref('int_analysed_cases') }}
),

wanted as (
    select distinct
        study_id,
        outcome
    from {{ ref('int_study_analyses') }}
)

select
    outcomes.study_id,
    outcomes.case_id,
    outcomes.outcome,
    outcomes.value,
    outcomes.is_censored
from outcomes
inner join cases using (study_id, la_code, case_id)
inner join wanted using (study_id, outcome)
