-- Project Crewe report, figure 1: cases closed and not referred again by the end of the pilot, of
-- all families and by history of social care, as the models predict them at the means of their
-- covariates. The report draws the interval of each bar; that of the difference, which the verdict
-- rests on, stands beside it.
{%- set bars = {
    'all': ('closure_main', '', ''),
    'history': ('closure_history', '_if_history', '_if_history'),
    'no history': ('closure_history', '_unless_history', '')
} %}
with terms as (
    select * from {{ ref('fct_effect_estimates') }}
    where study_id = 'crewe' and analysis_id in ('closure_main', 'closure_history')
),

bars as (
    {% for families, (analysis, suffix, of_effect) in bars.items() -%}
    select
        '{{ families }}' as families,
        {{ loop.index }} as bar_order,
        term,
        replace(term, '{{ suffix }}', '') as bar,
        estimate,
        ci_low,
        ci_high,
        p_value,
        stars
    from terms
    where
        analysis_id = '{{ analysis }}'
        and term in (
            'treated_mean{{ suffix }}',
            'comparator_mean{{ suffix }}',
            'treated{{ of_effect }}'
        )
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    families,
    {% for arm, bar in {'crewe': 'treated_mean', 'authority': 'comparator_mean'}.items() -%}
    round(100 * max(case when bar = '{{ bar }}' then estimate end), 1) as {{ arm }}_percent,
    round(100 * max(case when bar = '{{ bar }}' then ci_low end), 1) as {{ arm }}_low,
    round(100 * max(case when bar = '{{ bar }}' then ci_high end), 1) as {{ arm }}_high,
    {% endfor -%}
    round(100 * max(case when bar = 'treated' then estimate end), 1) as difference_pp,
    round(100 * max(case when bar = 'treated' then ci_low end), 1) as difference_low_pp,
    round(100 * max(case when bar = 'treated' then ci_high end), 1) as difference_high_pp,
    round(max(case when bar = 'treated' then p_value end), 3) as p_value,
    max(case when bar = 'treated' then stars end) as stars
from bars
group by
    families,
    bar_order
order by bar_order
