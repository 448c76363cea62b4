-- A value that no rule knows would fall through to another reading without a word.
with parameters as (
    select * from {{ ref('parameters') }}
),

chosen as (
    select
        study_id,
        parameter_id,
        value
    from {{ ref('study_parameters') }}
    union all
    select
        study_id,
        parameter_id,
        value
    from {{ ref('study_readings') }}
    union all
    select
        design as study_id,
        parameter_id,
        value
    from {{ ref('design_parameters') }}
)

select
    chosen.study_id,
    chosen.parameter_id,
    chosen.value,
    parameters.allowed_values
from chosen
inner join parameters
    on chosen.parameter_id = parameters.parameter_id
where
    parameters.allowed_values like '%|%'
    and parameters.allowed_values not like '% %'
    and '|' || parameters.allowed_values || '|' not like '%|' || chosen.value || '|%'
