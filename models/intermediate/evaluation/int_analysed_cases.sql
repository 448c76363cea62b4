-- The cases of every sample that an analysis asks for, under every reading, with their weights.
with
cases as (select * from {{ ref('int_sample_cases') }}),

samples as (
    select distinct
        study_id,
        sample
    from {{ ref('int_study_analyses') }}
)

select
    cases.study_id,
    cases.method,
    cases.la_code,
    cases.case_id,
    cases.weight
from cases
inner join samples
    on cases.study_id = samples.study_id and cases.method = samples.sample
