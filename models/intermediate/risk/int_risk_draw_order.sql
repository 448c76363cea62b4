-- The random order in which a study's cases are drawn for the coding of their notes, arm by arm: by
-- a hash of the study's seed, the plan start and the row in the file, never of pseudonyms. Closest
-- pairs are drawn by treated cases (FACT22 report, appendix 2, "Risk analysis sampling"), eligible
-- or not; arms by themselves from the cases over which the study describes risks (Project Crewe
-- report, "Risk analysis method").
with
parameters as (select * from {{ ref('int_study_parameters') }}),
cases as (select * from {{ ref('fct_study_cases') }}),
sampled as (select * from {{ ref('fct_matched_cases') }}),
records as (select * from {{ ref('int_admitted_cin_cases') }})

select
    cases.study_id,
    cases.la_code,
    cases.case_id,
    cases.arm,
    parameters.risk_sample_design,
    parameters.risk_sample_size,
    row_number() over (
        partition by cases.study_id, cases.arm
        order by
            md5(
                concat_ws(
                    '|',
                    cast(parameters.risk_sample_seed as string),
                    cast(records.plan_start_date as string),
                    cast(records.source_row_number as string)
                )
            ),
            records.extract_as_of_date,
            records.file_key
    ) as random_order
from cases
inner join parameters
    on cases.study_id = parameters.study_id
inner join records
    on cases.la_code = records.la_code and cases.case_id = records.case_id
left join sampled
    on
        cases.study_id = sampled.study_id
        and cases.la_code = sampled.la_code
        and cases.case_id = sampled.case_id
        and parameters.risk_sample = sampled.method
where
    (parameters.risk_sample_design = 'closest_pairs' and cases.arm = 'treated')
    or (parameters.risk_sample_design = 'by_arm' and sampled.case_id is not null)
