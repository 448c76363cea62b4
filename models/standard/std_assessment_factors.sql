-- One row per assessment and factor identified: listed in the assessment's own record, or in
-- records of factors that name the assessment by the id it has in the same delivery.
with
assessments as (
    select * from {{ ref('std_assessment_records') }}
    where fate = 'loaded'
),

factors as (
    select * from {{ ref('std_assessment_factor_records') }}
    where not is_replaced and quarantine_code is null
),

listed as (select * from {{ ref('stg_records__factor_codes') }}),

identified as (
    select
        assessments.la_code,
        assessments.record_key,
        assessments.child_id,
        assessments.start_date,
        listed.factor_code
    from assessments
    inner join listed using (file_key, source_row_number)
    union
    select
        assessments.la_code,
        assessments.record_key,
        assessments.child_id,
        assessments.start_date,
        listed.factor_code
    from assessments
    inner join factors using (la_code, delivery, assessment_id)
    inner join listed
        on
            factors.file_key = listed.file_key
            and factors.source_row_number = listed.source_row_number
)

select distinct
    la_code,
    md5(concat_ws('|', la_code, record_key)) as assessment_id,
    child_id,
    {{ known_code_as_of('factor_code', 'assessment_factor', 'start_date') }} as factor_code
from identified
