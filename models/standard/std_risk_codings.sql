-- One row per case, time point and factor of the risk framework: the codings that were loaded.
with
records as (select * from {{ ref('std_risk_coding_records') }})

select
    la_code,
    child_id,
    case_id,
    time_point,
    factor_id,
    is_present,
    engagement_level,
    coder_id,
    coded_date
from records
where fate = 'loaded'
