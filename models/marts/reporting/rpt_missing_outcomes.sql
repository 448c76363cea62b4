-- How far an effect hangs on the cases whose outcome isn't known. The bounds are shown where the
-- unknown of both arms may be; a small number of them may not.
with
facts as (select * from {{ ref('fct_missing_outcomes') }}),
flow as (select * from {{ ref('int_release_flow') }}),
groups as (select * from {{ ref('int_release_group_cells') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
outcomes as (select * from {{ ref('int_release_outcomes') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

arms as (
    select
        groups.study_id,
        groups.attribute as outcome,
        groups.arm,
        entered.released as n,
        case
            when groups.n_known = groups.n then incomplete.released
            else incomplete.released + unknown.released
        end as n_unknown
    from groups
    inner join flow
        on
            groups.study_id = flow.study_id
            and groups.arm = flow.arm
            and flow.step = 'outcome_known'
    left join decisions as entered
        on flow.study_id = entered.scope and flow.in_cell = entered.cell_id
    left join decisions as incomplete
        on flow.study_id = incomplete.scope and flow.dropped_cell = incomplete.cell_id
    left join decisions as unknown
        on groups.study_id = unknown.scope and groups.unknown_cell = unknown.cell_id
    where groups.sample = 'unmatched' and groups.population = 'all'
),

both_arms as (
    select
        study_id,
        outcome,
        max(n) filter (where arm = 'treated') as n_treated,
        max(n) filter (where arm = 'comparator') as n_comparator,
        max(n_unknown) filter (where arm = 'treated') as n_unknown_treated,
        max(n_unknown) filter (where arm = 'comparator') as n_unknown_comparator
    from arms
    group by all
),

judged as (
    select
        facts.*,
        {% for column in [
            'n_treated', 'n_comparator', 'n_unknown_treated', 'n_unknown_comparator'
        ] -%}
        cast(both_arms.{{ column }} as bigint) as released_{{ column }},
        {% endfor -%}
        coalesce(outcomes.is_shown, false)
        and profiles.authority_rounding = 1
        and both_arms.n_treated is not null
        and both_arms.n_comparator is not null
        and both_arms.n_unknown_treated is not null
        and both_arms.n_unknown_comparator is not null as is_shown
    from facts
    cross join profiles
    left join both_arms using (study_id, outcome)
    left join outcomes
        on
            facts.study_id = outcomes.study_id
            and facts.outcome = outcomes.outcome
            and outcomes.sample = 'unmatched'
            and outcomes.population = 'all'
)

select
    judged.study_id,
    judged.outcome,
    {% for column in [
        'n_treated', 'n_comparator', 'n_unknown_treated', 'n_unknown_comparator'
    ] -%}
    judged.released_{{ column }} as {{ column }},
    {% endfor -%}
    {{ shown(
        ['judged.difference_of_known', 'judged.least_difference', 'judged.greatest_difference'],
        'judged.is_shown'
    ) }},
    {{ release_tail(
        "case when judged.is_shown then 'shown' else 'c' end",
        "case when not judged.is_shown then 'A count of the row is hidden or rounded' end"
    ) }}
from judged
cross join profiles
