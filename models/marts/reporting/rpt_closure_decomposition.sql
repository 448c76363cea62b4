-- How much of the gap in closures comes from fewer recorded closures and how much from more
-- escalations after them, where the counts of all three outcomes may be shown in both arms.
with
facts as (select * from {{ ref('fct_closure_decomposition') }}),
outcomes as (select * from {{ ref('int_release_outcomes') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

parts as (
    select
        study_id,
        sample,
        count(*) filter (where is_shown) = 3 as is_shown,
        min(disclosure) filter (where not is_shown) as hidden_as,
        min(disclosure_reason) filter (where not is_shown) as hidden_because
    from outcomes
    where
        population = 'all'
        and outcome in (
            'closed_recorded', 'escalated_after_closure', 'closed_without_later_escalation'
        )
    group by all
),

judged as (
    select
        facts.*,
        coalesce(parts.is_shown, false) as is_shown,
        coalesce(parts.hidden_as, case when parts.is_shown then 'shown' else 'z' end)
            as disclosure,
        case when parts.study_id is null then 'There is no such case' else parts.hidden_because end
            as disclosure_reason
    from facts
    left join parts using (study_id, sample)
)

select
    judged.study_id,
    judged.sample,
    judged.method,
    judged.part,
    {% for column in [
        'value', 'share_of_effect', 'effect', 'recorded_treated', 'escalated_after_treated',
        'closed_treated', 'recorded_comparator', 'escalated_after_comparator', 'closed_comparator'
    ] -%}
    case
        when not judged.is_shown then null
        when profiles.rates_from_rounded then {{ rounded('judged.' ~ column, 2) }}
        else judged.{{ column }}
    end as {{ column }},
    {% endfor -%}
    judged.status,
    judged.status_reason,
    {{ release_tail('judged.disclosure', 'judged.disclosure_reason') }}
from judged
cross join profiles
