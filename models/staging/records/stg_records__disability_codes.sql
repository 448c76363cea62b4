-- One row per code that a child's record lists in one cell.
with
children as (
    select * from {{ ref('stg_records__children') }}
    where disability_codes is not null
)

select distinct
    file_key,
    source_row_number,
    {{ each_of('disability_codes', "';'") }} as disability_code
from children
