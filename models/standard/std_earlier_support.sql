-- One row per case and day on which earlier support of the child or its family started: what the
-- case's row keeps in one cell.
with
cases as (
    select * from {{ ref('std_cin_case_records') }}
    where fate = 'loaded'
),

starts as (select * from {{ ref('stg_case_list__earlier_support') }})

select
    cases.la_code,
    cases.case_id,
    starts.support_date
from starts
inner join cases using (file_key, source_row_number)
