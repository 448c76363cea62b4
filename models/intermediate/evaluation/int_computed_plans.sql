-- What a study was planned with, its detectable differences and its rules, in the shape in which
-- published figures ask for it. The report prints differences detectable and not the number of
-- families behind them: what fits them is in power_designs.
with
designs as (
    select * from {{ ref('fct_power') }}
    where status = 'ok'
),

obtained as (
    select
        study_id,
        sum(n_families) as n_families
    from {{ ref('fct_trial_flow') }}
    where step = 'allocated'
    group by study_id
),

compared as (
    select
        designs.*,
        1 - designs.baseline / max(designs.baseline) over (partition by designs.study_id)
            as baseline_reduction,
        1 - obtained.n_families / designs.n_families as shortfall
    from designs
    left join obtained using (study_id)
),

parameters as (select * from {{ ref('int_parameter_values') }}),

school_data as (
    select
        study_id,
        replace(
            max(case when parameter_id = 'absence_terms' then value end), '|', ' and '
        ) as terms,
        max(case when parameter_id = 'absence_school_year' then value end) as school_year
    from parameters
    group by study_id
),

figures as (
    {% for term in [
        'baseline', 'icc', 'children_per_family', 'alpha', 'power', 'mdes_pp', 'mdes_relative',
        'baseline_reduction', 'shortfall'
    ] -%}
    {{ computed_figure('compared', 'power', "''", 'design_id', "'" ~ term ~ "'", term) }}
    union all
    {% endfor -%}
    {{ computed_figure(
        'parameters', 'parameter', "''", 'parameter_id', value=try_number('value', 'double'),
        where="data_type = 'integer' and value is not null"
    ) }}
    union all
    {{ computed_figure(
        'school_data', 'school_data', "''", "'period'",
        text_value="terms || ' of ' || school_year", where='school_year is not null'
    ) }}
)

select * from figures
