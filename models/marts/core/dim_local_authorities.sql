-- One row per local authority that delivered anything, with the day its newest extract was
-- taken.
with
files as (select * from {{ ref('fct_load_log') }})

select
    la_code,
    max(la_name) as la_name,
    bool_or(is_synthetic) as is_synthetic,
    max(extract_as_of_date) as extract_as_of_date,
    count(*) as n_files
from files
where la_code != 'unknown'
group by la_code
