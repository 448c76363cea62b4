-- One row per code that a child's record lists in one cell.
with
children as (
    select * from {{ ref('stg_records__children') }}
    where disability_codes is not null
)

select distinct
    file_key,
    source_row_number,
    unnest(string_split(disability_codes, ';')) as disability_code
from children
