-- One row per repair that a chain of care episodes needed to become a period of care, and where its
-- record stands.
with
repairs as (select * from {{ ref('std_care_period_repairs') }}),
deliveries as (select * from {{ ref('int_admitted_deliveries') }}),
files as (select * from {{ ref('fct_load_log') }})

select
    repairs.la_code,
    repairs.child_id,
    repairs.start_date,
    repairs.repair,
    files.delivery,
    files.file_name,
    repairs.source_row_number
from repairs
inner join files using (file_key)
inner join deliveries
    on
        files.la_code = deliveries.la_code
        and files.delivery = deliveries.delivery
