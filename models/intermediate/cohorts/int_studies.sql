-- One row per study and reading: its facts, its parameters, and the last day that can be observed,
-- the earliest of the study's end, the day its authority's extract was taken and the data cut. What
-- follows a closure is observed beyond the study's end (`followed_until`).
with
readings as (select * from {{ ref('int_study_readings') }}),
studies as (select * from {{ ref('studies') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),

extracts as (
    select
        la_code,
        max(extract_as_of_date) as extract_as_of_date
    from {{ ref('int_admitted_cin_cases') }}
    group by la_code
)

select
    parameters.*,
    readings.base_study_id,
    readings.reading,
    readings.data_cut,
    studies.design,
    studies.la_code,
    studies.programme_id,
    studies.study_start,
    studies.study_end,
    coalesce(parameters.earliest_plan_start, studies.earliest_case_start) as earliest_case_start,
    studies.latest_case_start,
    least(
        studies.study_end,
        extracts.extract_as_of_date,
        coalesce(readings.data_cut, extracts.extract_as_of_date)
    ) as observed_until,
    least(
        extracts.extract_as_of_date, coalesce(readings.data_cut, extracts.extract_as_of_date)
    ) as followed_until,
    md5(concat_ws(
        '|', studies.study_id, studies.study_start, studies.study_end, studies.earliest_case_start,
        studies.latest_case_start, parameters.parameters_hash, readings.data_cut
    )) as definition_hash
from readings
inner join studies
    on readings.base_study_id = studies.study_id
inner join parameters
    on readings.study_id = parameters.study_id
inner join extracts using (la_code)
