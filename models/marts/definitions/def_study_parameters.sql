-- The value of every parameter in every study, whether it is the default, what it decides and
-- which ambiguity it settles.
with
studies as (select * from {{ ref('studies') }}),
parameters as (select * from {{ ref('parameters') }}),
chosen as (select * from {{ ref('study_parameters') }})

select
    studies.study_id,
    parameters.parameter_id,
    coalesce(chosen.value, parameters.default_value) as value,
    coalesce(chosen.value = parameters.default_value, chosen.value is null) as is_default,
    parameters.default_value,
    parameters.data_type,
    parameters.allowed_values,
    parameters.ambiguity,
    parameters.meaning
from studies
cross join parameters
left join chosen
    on studies.study_id = chosen.study_id and parameters.parameter_id = chosen.parameter_id
