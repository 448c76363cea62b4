-- For every authority and outcome: what its data can bear, whatever the study. Where an outcome
-- cannot be told, reasons for caution are beside the point.
with
authorities as (
    select distinct la_code from {{ ref('fct_load_log') }}
    where status = 'landed' and la_code != 'unknown'
),

outcomes as (select * from {{ ref('outcome_definitions') }}),

findings as (
    select
        la_code,
        outcome,
        verdict,
        {{ ordered_list('distinct because', 'because', '; ') }} as because
    from {{ ref('int_outcome_findings') }}
    group by all
),

impossible as (
    select * from findings
    where verdict = 'cannot'
),

cautions as (
    select * from findings
    where verdict = 'with_caution'
)

select
    authorities.la_code,
    outcomes.outcome,
    outcomes.label,
    coalesce(impossible.verdict, cautions.verdict, 'can_run') as verdict,
    coalesce(impossible.because, cautions.because, 'Nothing stands against it') as because
from authorities
cross join outcomes
left join impossible using (la_code, outcome)
left join cautions using (la_code, outcome)
