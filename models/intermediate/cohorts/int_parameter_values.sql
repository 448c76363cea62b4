-- The value of every parameter in every study: the study's own, else that of its design
-- (`design_parameters`), else the default.
with
studies as (select * from {{ ref('studies') }}),
parameters as (select * from {{ ref('parameters') }}),
presets as (select * from {{ ref('design_parameters') }}),
chosen as (select * from {{ ref('study_parameters') }})

select
    studies.study_id,
    parameters.parameter_id,
    parameters.data_type,
    coalesce(presets.value, parameters.default_value) as default_value,
    coalesce(chosen.value, presets.value, parameters.default_value) as value
from studies
cross join parameters
left join presets
    on studies.design = presets.design and parameters.parameter_id = presets.parameter_id
left join chosen
    on studies.study_id = chosen.study_id and parameters.parameter_id = chosen.parameter_id
