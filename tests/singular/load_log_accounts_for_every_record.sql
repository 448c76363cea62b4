-- Every source record is loaded, quarantined, duplicate, superseded or opted out, and only one of
-- these.
select
    la_code,
    delivery,
    file_name,
    n_read,
    n_loaded + n_quarantined + n_duplicate + n_superseded + n_opted_out as n_accounted_for
from {{ ref('fct_load_log') }}
where n_read != n_loaded + n_quarantined + n_duplicate + n_superseded + n_opted_out
