-- What the measures of episodes of need count, a row each. A need that isn't recorded is counted
-- with those that aren't stated (N0), as DfE's table b3 does, whose columns add up to all episodes.
with
escalations as (select * from {{ ref('int_episode_escalations') }}),

needs as (
    select * from {{ ref('int_episode_years') }}
    where is_in_need
),

escalated as (
    select distinct
        needs.la_code,
        needs.year,
        needs.episode_id,
        needs.child_id,
        escalations.escalation_type
    from needs
    inner join escalations
        on
            needs.la_code = escalations.la_code
            and needs.episode_id = escalations.episode_id
            and needs.year = escalations.year
),

escalated_either_way as (
    select distinct
        la_code,
        year,
        episode_id,
        child_id
    from escalated
)

{{ counted('any_point_episodes', 'needs', 'year') }}
union all
{{ counted('any_point_children', 'needs', 'year', of_children=true) }}
union all
{{ counted('started_episodes', 'needs', 'year', 'is_started') }}
union all
{{ counted('started_children', 'needs', 'year', 'is_started', of_children=true) }}
union all
{{ counted('open_episodes', 'needs', 'year', 'is_open_at_year_end', {
    'duration': "coalesce(duration_band, 'unknown')",
    'age': "coalesce(age_band, 'unknown')",
    'primary_need': "coalesce(primary_need_code, 'N0')"
}) }}
union all
{{ counted('ended_episodes', 'needs', 'year', 'not is_open_at_year_end', {
    'duration': "coalesce(duration_band, 'unknown')",
    'closure_reason': "coalesce(close_reason_code, 'unknown')"
}) }}
union all
{{ counted('ended_children', 'needs', 'year', 'not is_open_at_year_end', of_children=true) }}
union all
{{ counted('episodes_to_cp', 'escalated', 'year', "escalation_type = 'cp'") }}
union all
{{ counted('episodes_to_care', 'escalated', 'year', "escalation_type = 'care'") }}
union all
{{ counted('escalated_episodes', 'escalated_either_way', 'year') }}
