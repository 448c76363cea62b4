-- Box plots of the total risk score of each arm at referral, at the latest information and of the
-- change (FACT22 report, figures 9 and 10; Project Crewe report, figures 4 and 5), over the cases
-- of the study's sample coded at both. The study says what box and whiskers show (ambiguity A29b);
-- a value beyond the whiskers is an outlier.
{%- set edges = {
    'lower_hinge': 'hinge_position', 'median': '(n + 1) / 2e0',
    'upper_hinge': 'n + 1 - hinge_position'
} %}
with
studies as (select * from {{ ref('studies') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),
totals as (select * from {{ ref('int_risk_totals_in_order') }}),

expected as (
    {% for measure in ['total_referral', 'total_latest', 'total_change'] -%}
    {% for arm in ['treated', 'comparator'] -%}
    select
        study_id,
        '{{ arm }}' as arm,
        '{{ measure }}' as measure
    from studies
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- A position between two values takes of each by its nearness.
boxes as (
    select
        {% for edge, position in edges.items() -%}
        sum(value * greatest(0, 1 - abs(value_order - ({{ position }})))) as {{ edge }},
        {% endfor -%}
        study_id,
        arm,
        measure
    from totals
    group by study_id, arm, measure
),

judged as (
    select
        totals.*,
        boxes.lower_hinge,
        boxes.median,
        boxes.upper_hinge,
        parameters.box_whiskers = 'tukey_1_5_iqr'
        and (
            totals.value < boxes.lower_hinge - 1.5 * (boxes.upper_hinge - boxes.lower_hinge)
            or totals.value > boxes.upper_hinge + 1.5 * (boxes.upper_hinge - boxes.lower_hinge)
        ) as is_outlier
    from totals
    inner join boxes using (study_id, arm, measure)
    inner join parameters using (study_id)
),

plots as (
    select
        study_id,
        arm,
        measure,
        count(*) as n,
        min(value) as minimum,
        min(case when not is_outlier then value end) as lower_whisker,
        lower_hinge,
        median,
        upper_hinge,
        max(case when not is_outlier then value end) as upper_whisker,
        max(value) as maximum,
        count(case when is_outlier then 1 end) as n_outliers,
        {{ ordered_list(
            'case when is_outlier then ' ~ number_text('value') ~ ' end', 'value', ', '
        ) }} as outlier_values
    from judged
    group by study_id, arm, measure, lower_hinge, median, upper_hinge
)

select
    expected.study_id,
    expected.arm,
    expected.measure,
    coalesce(plots.n, 0) as n,
    plots.minimum,
    plots.lower_whisker,
    plots.lower_hinge,
    plots.median,
    plots.upper_hinge,
    plots.upper_whisker,
    plots.maximum,
    plots.n_outliers,
    plots.outlier_values,
    parameters.box_hinges,
    parameters.box_whiskers,
    case when plots.n is null then 'not_estimable' else 'ok' end as status,
    case
        when plots.n is null
            then 'no_codings: no case of this arm in the sample is coded at both time points'
    end as status_reason
from expected
inner join parameters using (study_id)
left join plots using (study_id, arm, measure)
