-- The cases whose notes are to be coded: treated cases in a random order that the study's seed
-- settles, each with its closest matched comparator (FACT22 report, appendix 2, "Risk analysis
-- sampling"). A treated case whose closest comparator already serves one drawn before is passed
-- over, so that no notes are coded twice; one without a match is drawn and marked. The order is by
-- a hash of the seed, the plan start and the row in the file, never of pseudonyms.
with
parameters as (select * from {{ ref('int_study_parameters') }}),

treated as (
    select * from {{ ref('fct_study_cases') }}
    where arm = 'treated'
),

records as (select * from {{ ref('int_admitted_cin_cases') }}),
closest as (select * from {{ ref('int_closest_matches') }}),

shuffled as (
    select
        treated.study_id,
        treated.la_code,
        treated.case_id as treated_case_id,
        parameters.risk_sample_size,
        row_number() over (
            partition by treated.study_id
            order by
                md5(
                    concat_ws(
                        '|',
                        cast(parameters.risk_sample_seed as varchar),
                        cast(records.plan_start_date as varchar),
                        cast(records.source_row_number as varchar)
                    )
                ),
                records.extract_as_of_date,
                records.file_key
        ) as random_order
    from treated
    inner join parameters
        on treated.study_id = parameters.study_id
    inner join records
        on treated.la_code = records.la_code and treated.case_id = records.case_id
),

paired as (
    select
        shuffled.*,
        closest.comparator_case_id,
        closest.gap_days,
        row_number() over (
            partition by
                shuffled.study_id,
                coalesce(closest.comparator_case_id, shuffled.treated_case_id)
            order by shuffled.random_order
        ) as comparator_turn
    from shuffled
    left join closest
        on
            shuffled.study_id = closest.study_id
            and shuffled.la_code = closest.la_code
            and shuffled.treated_case_id = closest.treated_case_id
),

drawn as (
    select
        *,
        row_number() over (partition by study_id order by random_order) as draw_number
    from paired
    where comparator_turn = 1
)

select
    study_id,
    la_code,
    draw_number,
    treated_case_id,
    comparator_case_id,
    gap_days,
    comparator_case_id is not null as is_matched
from drawn
where draw_number <= risk_sample_size
