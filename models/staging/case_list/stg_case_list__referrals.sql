-- One row per record of a long re-referral file beside a case list, typed.
with
source as (select * from {{ source('landing', 'case_list__referrals') }}),

typed as (
    select
        la_code,
        case_id as source_case_id,
        child_id,
        delivery,
        file_name,
        file_key,
        source_row_number,
        record_hash,
        id_flags,
        extract_as_of_date,
        {{ typed_date('referral_date') }} as referral_date,
        {{ unreadable(dates=['referral_date']) }} as unreadable_dates
    from source
)

select * from typed
