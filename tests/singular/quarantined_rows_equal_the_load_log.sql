-- Every record that the load log counts as quarantined is listed with its reason, and no other.
with counted as (
    select
        la_code,
        file_name,
        sum(n_quarantined) as n_counted
    from {{ ref('fct_load_log') }}
    where n_quarantined > 0
    group by all
),

listed as (
    select
        la_code,
        file_name,
        count(*) as n_listed
    from {{ ref('fct_quarantined_rows') }}
    group by all
)

select
    coalesce(counted.la_code, listed.la_code) as la_code,
    coalesce(counted.file_name, listed.file_name) as file_name,
    counted.n_counted,
    listed.n_listed
from counted
full join listed
    on counted.la_code = listed.la_code and counted.file_name = listed.file_name
where counted.n_counted is distinct from listed.n_listed
