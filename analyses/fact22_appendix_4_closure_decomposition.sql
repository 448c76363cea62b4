-- FACT22 report, appendix 4, "Closure of CIN cases": how much of the gap comes from fewer recorded
-- closures, how much from more escalations after them: closed = recorded x (1 - escalated after).
-- The split depends on which arm's other rate is held fixed, so both orders are shown; the report
-- says "roughly half" and prints no split.
with rates as (
    select
        max(value) filter (where outcome = 'closed_recorded' and arm = 'treated')
            as recorded_treated,
        max(value) filter (where outcome = 'closed_recorded' and arm = 'comparator')
            as recorded_comparator,
        1 - max(value) filter (where outcome = 'escalated_after_closure' and arm = 'treated')
            as stayed_treated,
        1 - max(value) filter (where outcome = 'escalated_after_closure' and arm = 'comparator')
            as stayed_comparator
    from {{ ref('fct_group_outcomes') }}
    where study_id = 'fact22' and sample = 'cem_caliper'
),

splits as (
    select
        'recorded closure first' as split_order,
        (recorded_treated - recorded_comparator) * stayed_comparator as from_recorded_closure,
        recorded_treated * (stayed_treated - stayed_comparator) as from_later_escalation
    from rates
    union all
    select
        'later escalation first' as split_order,
        (recorded_treated - recorded_comparator) * stayed_treated as from_recorded_closure,
        recorded_comparator * (stayed_treated - stayed_comparator) as from_later_escalation
    from rates
)

select
    splits.split_order,
    round(100 * rates.recorded_treated, 1) as recorded_fact22_percent,
    round(100 * rates.recorded_comparator, 1) as recorded_comparator_percent,
    round(100 * (1 - rates.stayed_treated), 1) as escalated_after_fact22_percent,
    round(100 * (1 - rates.stayed_comparator), 1) as escalated_after_comparator_percent,
    round(100 * splits.from_recorded_closure, 1) as from_recorded_closure_pp,
    round(100 * splits.from_later_escalation, 1) as from_later_escalation_pp,
    round(100 * (splits.from_recorded_closure + splits.from_later_escalation), 1) as gap_pp
from rates
cross join splits
order by splits.split_order desc
