-- The value of every parameter in every study, whether it is the default of the study's design,
-- what it decides and which ambiguity it settles.
with
chosen as (select * from {{ ref('int_parameter_values') }}),
parameters as (select * from {{ ref('parameters') }})

select
    chosen.study_id,
    chosen.parameter_id,
    chosen.value,
    coalesce(chosen.value = chosen.default_value, chosen.value is null) as is_default,
    chosen.default_value,
    parameters.data_type,
    parameters.allowed_values,
    parameters.ambiguity,
    parameters.meaning
from chosen
inner join parameters using (parameter_id)
