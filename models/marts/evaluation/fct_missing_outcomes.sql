-- How far an effect hangs on the cases whose outcome isn't known: the difference of the arms'
-- shares over the cases that are known, and the least and the greatest it could be whatever
-- became of the others (Manski 1990, American Economic Review 80, 319-323). A difference that
-- changes its sign between the bounds can't be told from the data alone.
with
cases as (
    select * from {{ ref('fct_study_cases') }}
    where is_eligible or ineligible_reason = 'outcome_incomplete'
),

outcomes as (select * from {{ ref('fct_case_outcomes') }}),

reported as (
    select * from {{ ref('study_outcomes') }}
    where is_primary and kind = 'binary'
),

counted as (
    select
        {% for arm in ['treated', 'comparator'] -%}
        count(*) filter (where cases.arm = '{{ arm }}') as n_{{ arm }},
        count(outcomes.value) filter (where cases.arm = '{{ arm }}') as n_known_{{ arm }},
        {{ stable_sum("case when cases.arm = '" ~ arm ~ "' then outcomes.value end") }}
            as n_events_{{ arm }},
        {% endfor -%}
        reported.study_id,
        reported.outcome
    from reported
    inner join cases using (study_id)
    left join outcomes using (study_id, case_id, outcome)
    group by reported.study_id, reported.outcome
),

shared as (
    select
        *,
        n_treated - n_known_treated as n_unknown_treated,
        n_comparator - n_known_comparator as n_unknown_comparator
    from counted
    where n_known_treated > 0 and n_known_comparator > 0
)

select
    study_id,
    outcome,
    n_treated,
    n_comparator,
    n_unknown_treated,
    n_unknown_comparator,
    n_events_treated / n_known_treated - n_events_comparator / n_known_comparator
        as difference_of_known,
    n_events_treated / n_treated - (n_events_comparator + n_unknown_comparator) / n_comparator
        as least_difference,
    (n_events_treated + n_unknown_treated) / n_treated - n_events_comparator / n_comparator
        as greatest_difference
from shared
