-- What the plan of each study would hold if it were locked now: the present configuration as text,
-- one item a row. `csc plan --lock` freezes what this model gives over the seed files.
{%- set facts = [
    'design', 'la_code', 'programme_id', 'study_start', 'study_end', 'earliest_case_start',
    'latest_case_start', 'estimand', 'evidence_level'
] %}
{#- Relation, name of an item, and the cells that make its value. -#}
{%- set kinds = {
    'covariate': (
        'covariates', 'covariate',
        ['attribute', 'kind', 'category', 'in_strata', 'in_balance', 'in_adjustment']
    ),
    'bin': ('bins', "covariate || ': ' || bin", ['lower_bound', 'upper_bound']),
    'outcome': ('defined_outcomes', 'outcome', ['is_primary', 'role', 'unit', 'kind', 'rule']),
    'analysis': (
        'analyses', 'analysis_id',
        [
            'outcome', 'sample', 'estimator', 'covariates', 'se_type', 'clock', 'subgroup',
            'is_primary'
        ]
    ),
    'subgroup': ('subgroups', 'subgroup', ['attribute', 'lower_bound', 'upper_bound']),
    'reading': ('readings', "reading || ': ' || parameter_id", ['value']),
    'data_cut': ('cuts', 'cast(data_cut as string)', ['data_cut']),
    'threshold': ('study_thresholds', 'diagnostic', ['worse_when', 'warn_at', 'fail_at'])
} %}
with
studies as (select * from {{ ref('studies') }}),
chosen as (select * from {{ ref('int_parameter_values') }}),
covariates as (select * from {{ ref('study_covariates') }}),
bins as (select * from {{ ref('study_covariate_bins') }}),
outcomes as (select * from {{ ref('study_outcomes') }}),
definitions as (select * from {{ ref('outcome_definitions') }}),
analyses as (select * from {{ ref('study_analyses') }}),
subgroups as (select * from {{ ref('study_subgroups') }}),
readings as (select * from {{ ref('study_readings') }}),
cuts as (select * from {{ ref('study_data_cuts') }}),
thresholds as (select * from {{ ref('diagnostic_thresholds') }}),

resolved as (
    select
        study_id,
        parameter_id,
        {{ plan_parameter('value', 'data_type') }} as value,
        {{ plan_parameter('default_value', 'data_type') }} as default_value
    from chosen
),

defined_outcomes as (
    select
        outcomes.*,
        definitions.rule
    from outcomes
    left join definitions
        on outcomes.outcome = definitions.outcome
),

study_thresholds as (
    select
        studies.study_id,
        thresholds.*
    from studies
    inner join thresholds
        on coalesce(thresholds.design, studies.design) = studies.design
),

items as (
    select
        study_id,
        'parameter' as kind,
        parameter_id as item,
        value,
        coalesce(value = default_value, false) as is_default
    from resolved
    where value is not null
    {%- for fact in facts %}
    union all
    {{ plan_items('studies', 'fact', "'" ~ fact ~ "'", 'cast(' ~ fact ~ ' as string)') }}
    where {{ fact }} is not null
    {%- endfor %}
    {%- for kind, (relation, item, cells) in kinds.items() %}
    union all
    {{ plan_items(relation, kind, item, plan_value(cells)) }}
    {%- endfor %}
)

select * from items
