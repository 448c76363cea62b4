-- The counts of the quality tables and the sums that tie them together.
select * from {{ ref('int_release_parts_deliveries') }}
union all
select * from {{ ref('int_release_parts_expectations') }}
union all
select * from {{ ref('int_release_parts_records') }}
