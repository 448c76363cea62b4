-- For every authority and outcome: what its data can bear, whatever the study. Where an outcome
-- cannot be told, reasons for caution are beside the point.
with
authorities as (
    select distinct la_code from {{ ref('fct_load_log') }}
    where status = 'landed' and la_code != 'unknown'
),

outcomes as (select * from {{ ref('outcome_definitions') }}),
findings as (select * from {{ ref('int_outcome_findings') }}),

{{ worst_findings('findings', ['la_code', 'outcome']) }}

select
    authorities.la_code,
    outcomes.outcome,
    outcomes.label,
    coalesce(worst.verdict, 'can_run') as verdict,
    coalesce(worst.because, 'Nothing stands against it') as because
from authorities
cross join outcomes
left join worst using (la_code, outcome)
