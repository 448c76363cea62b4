-- FACT22 report, appendix 4, "Closure of CIN cases": how much of the gap comes from fewer recorded
-- closures, how much from more escalations after them. The split depends on the order, so both and
-- their mean are shown; the report says "roughly half" and prints no split.
with parts as (
    select * from {{ ref('fct_closure_decomposition') }}
    where study_id = 'fact22' and sample = 'cem_caliper'
)

select
    method,
    round(100 * max(recorded_treated), 1) as recorded_fact22_percent,
    round(100 * max(recorded_comparator), 1) as recorded_comparator_percent,
    round(100 * max(escalated_after_treated), 1) as escalated_after_fact22_percent,
    round(100 * max(escalated_after_comparator), 1) as escalated_after_comparator_percent,
    round(100 * max(value) filter (where part = 'recorded_closure'), 1)
        as from_recorded_closure_pp,
    round(100 * max(value) filter (where part = 'later_escalation'), 1)
        as from_later_escalation_pp,
    round(100 * max(share_of_effect) filter (where part = 'recorded_closure'), 0)
        as from_recorded_closure_percent,
    round(100 * max(effect), 1) as gap_pp
from parts
group by method
order by from_recorded_closure_pp
