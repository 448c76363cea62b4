-- One row per case and day of a re-referral that is counted for it. One that names only the child,
-- as in a return, is counted for every case of the child that was referred before it.
with
cases as (
    select * from {{ ref('std_cin_case_records') }}
    where fate = 'loaded'
),

in_case_rows as (
    select
        cases.la_code,
        cases.case_id,
        cases.child_id,
        rereferrals.referral_date
    from {{ ref('stg_case_list__rereferrals') }} as rereferrals
    inner join cases using (file_key, source_row_number)
),

in_long_files as (
    select
        cases.la_code,
        cases.case_id,
        cases.child_id,
        records.referral_date
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
        episodes.referral_date
    from {{ ref('std_return_cases') }} as cases
    inner join {{ ref('std_cin_episodes') }} as episodes
        on
            cases.la_code = episodes.la_code
            and cases.child_id = episodes.child_id
            and cases.referral_date < episodes.referral_date
),

-- A file may tell of a re-referral more than once.
rereferrals as (
    select * from in_case_rows
    union
    select * from in_long_files
    union
    select * from in_returns
)

select * from rereferrals
