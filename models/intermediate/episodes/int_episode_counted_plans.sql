-- What the measures of plans and periods of care count, a row each.
with
{% for name, holds in {
    'cin_plans': 'cin_plans', 'cp_plans': 'cp_plans', 'care_periods': 'care_episodes'
}.items() -%}
{{ name }} as (
    select * from {{ ref('int_episode_plan_years') }}
    where holds = '{{ holds }}'
)
{{- ',' if not loop.last }}
{% endfor %}

{% for name in ['cin_plans', 'care_periods'] -%}
{{ counted(name ~ '_started', name, 'year', 'is_started') }}
union all
{{ counted(name ~ '_open', name, 'year', 'is_open_at_year_end') }}
union all
{{ counted(name ~ '_ended', name, 'year', 'not is_open_at_year_end') }}
union all
{% endfor -%}
{{ counted('cp_plans_started', 'cp_plans', 'year', 'is_started', {
    'category': "coalesce(first_category_code, 'unknown')"
}) }}
union all
{{ counted('second_cp_plans', 'cp_plans', 'year', 'is_started and is_second_or_later') }}
union all
{{ counted('cp_plans_open', 'cp_plans', 'year', 'is_open_at_year_end', {
    'duration': "coalesce(duration_band, 'unknown')",
    'category': "coalesce(latest_category_code, 'unknown')"
}) }}
union all
{{ counted('cp_plans_ended', 'cp_plans', 'year', 'not is_open_at_year_end', {
    'duration': "coalesce(duration_band, 'unknown')"
}) }}
