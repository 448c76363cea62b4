-- Every record of a long re-referral file and what becomes of it. Referrals kept in the case's
-- own row share that row's fate.
with
referrals as (select * from {{ ref('stg_case_list__referrals') }}),

judged as (
    select
        *,
        concat_ws('|', child_id, source_case_id, referral_date) as record_key,
        case
            when id_flags is not null then id_flags
            when unreadable_dates is not null then 'unreadable_date'
            when referral_date is null then 'referral_date_missing'
        end as problem_code
    from referrals
),

{{ record_fates('judged') }}

select
    la_code,
    child_id,
    source_case_id as case_id,
    referral_date,
    delivery,
    file_name,
    file_key,
    source_row_number,
    unreadable_dates,
    fate,
    quarantine_code
from fated
