-- The cases that costs and savings are spread over, and those of them that were censored, closed,
-- referred again or escalated. An assumption may state how many cases are costed: then they may be
-- other than those counted.
{%- set within = {
    'censored': 'n_censored',
    'closed': 'n_recorded_closures',
    'rereferred': 'n_rereferred',
    'escalated': 'n_escalated'
} %}
with
arms as (
    select
        *,
        'costs/' || arm as cell
    from {{ ref('int_costed_arms') }}
),

spread_over as (
    select distinct
        study_id,
        n_cases
    from {{ ref('fct_programme_costs') }}
),

bands as (
    select distinct
        study_id,
        age_band,
        n_cases
    from {{ ref('fct_counterfactual_costs') }}
)

{% for whole in ['cases', 'costed'] -%}
{% for part, n in within.items() -%}
select {{ release_part(
    'study_id', "cell || '/" ~ part ~ "/of_" ~ whole ~ "'", "cell || '/" ~ whole ~ "'",
    'n_' ~ whole, "cell || '/" ~ part ~ "'", n, whole_priority=8
) }}
from arms
union all
{% endfor -%}
{% endfor -%}
select {{ release_part(
    'study_id', "cell || '/in_window'", "cell || '/escalated'", 'n_escalated',
    "cell || '/escalated_in_window'", 'n_escalated_in_window', whole_priority=4
) }}
from arms
union all
select {{ release_part(
    'study_id', "cell || '/is_costed'", "cell || '/cases'", 'n_cases', "cell || '/costed'",
    'n_costed', whole_priority=8, part_priority=8, is_rest_counted=false
) }}
from arms
union all
select {{ release_lone('study_id', "'costs/programme/cases'", 'n_cases', priority=8) }}
from spread_over
union all
select {{ release_part(
    'bands.study_id', "'costs/programme/by_age'", "'costs/programme/cases'", 'spread_over.n_cases',
    "'costs/programme/' || age_band", 'bands.n_cases', part_priority=6
) }}
from bands
inner join spread_over using (study_id)
where bands.age_band != 'all'
