-- One row per study and reading of which some authority has an admitted case: its facts and its
-- parameters, which are the same in all its authorities.
with
readings as (select * from {{ ref('int_study_readings') }}),
studies as (select * from {{ ref('studies') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),

admitted as (
    select distinct la_code
    from {{ ref('int_admitted_cin_cases') }}
),

in_build as (
    select distinct authorities.study_id
    from {{ ref('int_study_authorities') }} as authorities
    inner join admitted using (la_code)
)

select
    parameters.*,
    readings.base_study_id,
    readings.reading,
    readings.data_cut,
    studies.design,
    studies.programme_id,
    studies.study_start,
    studies.study_end,
    coalesce(parameters.earliest_plan_start, studies.earliest_case_start) as earliest_case_start,
    studies.latest_case_start,
    md5(concat_ws(
        '|', studies.study_id, studies.study_start, studies.study_end, studies.earliest_case_start,
        studies.latest_case_start, parameters.parameters_hash, readings.data_cut
    )) as definition_hash
from readings
inner join studies
    on readings.base_study_id = studies.study_id
inner join in_build
    on readings.base_study_id = in_build.study_id
inner join parameters
    on readings.study_id = parameters.study_id
