-- Binary outcomes are 1, 0 or unknown, or a share of links in studies that count each link; a 0 has
-- no day of an event, no value is negative, and no event lies after what can be observed.
with outcomes as (
    select * from {{ ref('fct_case_outcomes') }}
),

kinds as (
    select distinct
        outcome,
        kind
    from {{ ref('study_outcomes') }}
),

counting_links as (
    select study_id
    from {{ ref('def_study_parameters') }}
    where parameter_id = 'index_date_of_comparator' and value = 'each_link'
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
    (
        kinds.kind = 'binary'
        and outcomes.value not in (0, 1)
        and (
            outcomes.value > 1
            or outcomes.outcome not like 'escalated%'
            or outcomes.study_id not in (select study_id from counting_links)
        )
    )
    or (outcomes.value < 0 and outcomes.outcome not like 'log%')
    or outcomes.event_date > outcomes.observed_until_date
    or (outcomes.value = 0 and kinds.kind = 'binary' and outcomes.event_date is not null)
