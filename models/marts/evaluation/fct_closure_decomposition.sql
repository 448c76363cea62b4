-- How much of the gap in closures comes from fewer recorded closures and how much from more
-- escalations after them: closed = recorded x (1 - escalated after). The split depends on which
-- arm's other rate is held fixed, so both orders are given, and their mean, which favours neither
-- (Shapley). FACT22 report, appendix 4, "Closure of CIN cases", says "roughly half". A study that
-- doesn't ask for all three outcomes has nothing to split, and no row.
with
group_outcomes as (select * from {{ ref('fct_group_outcomes') }}),

rates as (
    select
        study_id,
        sample,
        max(value) filter (where outcome = 'closed_recorded' and arm = 'treated')
            as recorded_treated,
        max(value) filter (where outcome = 'closed_recorded' and arm = 'comparator')
            as recorded_comparator,
        max(value) filter (where outcome = 'escalated_after_closure' and arm = 'treated')
            as escalated_after_treated,
        max(value) filter (where outcome = 'escalated_after_closure' and arm = 'comparator')
            as escalated_after_comparator,
        max(value) filter (where outcome = 'closed_without_later_escalation' and arm = 'treated')
            as closed_treated,
        max(value) filter (where outcome = 'closed_without_later_escalation' and arm = 'comparator')
            as closed_comparator
    from group_outcomes
    group by all
    having
        count(
            distinct
            case
                when
                    outcome in (
                        'closed_recorded',
                        'escalated_after_closure',
                        'closed_without_later_escalation'
                    )
                    then outcome
            end
        ) = 3
),

gaps as (
    select
        *,
        case
            when escalated_after_treated is not null and escalated_after_comparator is not null
                then recorded_treated - recorded_comparator
        end as recorded_gap,
        escalated_after_comparator - escalated_after_treated as stayed_gap,
        closed_treated - closed_comparator as effect
    from rates
),

parts as (
    {% for method, recorded_weight, stayed_weight in [
        ('recorded_closure_first', '1 - escalated_after_comparator', 'recorded_treated'),
        ('later_escalation_first', '1 - escalated_after_treated', 'recorded_comparator'),
        (
            'mean_of_both',
            '1 - (escalated_after_treated + escalated_after_comparator) / 2',
            '(recorded_treated + recorded_comparator) / 2'
        )
    ] -%}
    {% for part, value in {
        'recorded_closure': 'recorded_gap * (' ~ recorded_weight ~ ')',
        'later_escalation': 'stayed_gap * ' ~ stayed_weight
    }.items() -%}
    select
        *,
        '{{ method }}' as method,
        '{{ part }}' as part,
        {{ value }} as value
    from gaps
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    study_id,
    sample,
    method,
    part,
    value,
    value / nullif(effect, 0) as share_of_effect,
    effect,
    recorded_treated,
    escalated_after_treated,
    closed_treated,
    recorded_comparator,
    escalated_after_comparator,
    closed_comparator,
    case when value is null then 'not_estimable' else 'ok' end as status,
    case
        when recorded_treated is null or recorded_comparator is null
            then 'empty_arm: an arm of the sample has no case'
        when value is null
            then 'no_closures: an arm has no recorded closure that an escalation could follow'
    end as status_reason
from parts
