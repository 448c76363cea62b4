{{ config(materialized='view') }}
-- One row per referral: each case's original referral, and each re-referral with the case it is
-- counted for.
with
cases as (select * from {{ ref('std_cin_cases') }}),
rereferrals as (select * from {{ ref('std_rereferrals') }}),

referrals as (
    select
        la_code,
        case_id,
        child_id,
        referral_date,
        false as is_rereferral
    from cases
    where referral_date is not null
    union all
    select
        la_code,
        case_id,
        child_id,
        referral_date,
        true as is_rereferral
    from rereferrals
)

select
    la_code,
    md5(concat_ws('|', la_code, case_id, referral_date, is_rereferral)) as referral_id,
    case_id,
    child_id,
    referral_date,
    is_rereferral
from referrals
