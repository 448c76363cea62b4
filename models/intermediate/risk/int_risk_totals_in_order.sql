-- The total risk scores of the sample's cases coded at both time points, and their changes, each in
-- order within its arm, and the position at which the study's box plots have their lower hinge
-- (ambiguity A29b). Tukey's hinge is the median of a half that holds the middle value ("Exploratory
-- Data Analysis", 1977), the linear one is type 7 of Hyndman and Fan (The American Statistician 50,
-- 1996). The upper hinge lies as far from the other end.
{%- set measures = {
    'total_referral': 'referral', 'total_latest': 'latest', 'total_change': 'change'
} %}
with
parameters as (select * from {{ ref('int_study_parameters') }}),

totals as (
    select * from {{ ref('int_risk_case_changes') }}
    where component = 'total' and change is not null
),

measured as (
    {% for measure, column in measures.items() -%}
    select
        study_id,
        arm,
        '{{ measure }}' as measure,
        {{ column }} as value
    from totals
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

ordered as (
    select
        *,
        row_number() over (partition by study_id, arm, measure order by value) as value_order,
        count(*) over (partition by study_id, arm, measure) as n
    from measured
)

select
    ordered.study_id,
    ordered.arm,
    ordered.measure,
    ordered.value,
    ordered.value_order,
    ordered.n,
    case parameters.box_hinges
        when 'tukey' then (floor((ordered.n + 1) / 2e0) + 1) / 2e0
        else 1 + (ordered.n - 1) / 4e0
    end as hinge_position
from ordered
inner join parameters using (study_id)
