-- One row per referral: each case's original referral, and each re-referral with the case it is
-- counted for. A re-referral that names only the child, as in a return, is counted for every case
-- of the child that was referred before it.
with
cases as (
    select * from {{ ref('std_cin_case_records') }}
    where fate = 'loaded'
),

originals as (
    select
        la_code,
        case_id,
        child_id,
        referral_date,
        false as is_rereferral
    from cases
    where referral_date is not null
),

in_case_rows as (
    select
        cases.la_code,
        cases.case_id,
        cases.child_id,
        rereferrals.referral_date,
        true as is_rereferral
    from {{ ref('stg_case_list__rereferrals') }} as rereferrals
    inner join cases using (file_key, source_row_number)
),

in_long_files as (
    select
        cases.la_code,
        cases.case_id,
        cases.child_id,
        records.referral_date,
        true as is_rereferral
    from {{ ref('std_referral_records') }} as records
    inner join cases
        on
            records.la_code = cases.la_code
            and records.child_id = cases.child_id
            and (
                records.case_id = cases.case_id
                or (records.case_id is null and records.referral_date > cases.referral_date)
            )
    where records.fate = 'loaded'
),

in_returns as (
    select
        cases.la_code,
        cases.case_id,
        cases.child_id,
        episodes.referral_date,
        episodes.referral_date > cases.referral_date as is_rereferral
    from {{ ref('std_return_cases') }} as cases
    inner join {{ ref('std_cin_episodes') }} as episodes
        on
            cases.la_code = episodes.la_code
            and cases.child_id = episodes.child_id
            and cases.referral_date <= episodes.referral_date
),

-- A case has one original referral, so only the others can be told twice.
later as (
    select * from in_case_rows
    union
    select * from in_long_files
    union
    select * from in_returns
),

referrals as (
    select * from originals
    union all
    select * from later
)

select
    la_code,
    md5(concat_ws('|', la_code, case_id, referral_date, is_rereferral)) as referral_id,
    case_id,
    child_id,
    referral_date,
    is_rereferral
from referrals
