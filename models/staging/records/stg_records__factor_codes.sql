-- One row per factor that a record of an assessment, or of its factors, lists in one cell.
with
assessments as (
    select
        file_key,
        source_row_number,
        factor_codes
    from {{ ref('stg_records__assessments') }}
    union all
    select
        file_key,
        source_row_number,
        factor_codes
    from {{ ref('stg_records__assessment_factors') }}
)

select distinct
    file_key,
    source_row_number,
    {{ each_of('factor_codes', "';'") }} as factor_code
from assessments
where factor_codes is not null
