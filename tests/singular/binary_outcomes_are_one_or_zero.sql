-- Binary outcomes are 1, 0 or unknown, a 0 has no day of an event, no value is negative, and no
-- event lies after what can be observed.
with outcomes as (
    select * from {{ ref('fct_case_outcomes') }}
),

kinds as (
    select distinct
        outcome,
        kind
    from {{ ref('study_outcomes') }}
)

select
    outcomes.study_id,
    outcomes.case_id,
    outcomes.outcome,
    outcomes.value,
    outcomes.event_date
from outcomes
inner join kinds
    on outcomes.outcome = kinds.outcome
where
    (kinds.kind = 'binary' and outcomes.value not in (0, 1))
    or (outcomes.value < 0 and outcomes.outcome not like 'log%')
    or outcomes.event_date > outcomes.observed_until_date
    or (outcomes.value = 0 and kinds.kind = 'binary' and outcomes.event_date is not null)
