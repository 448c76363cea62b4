-- One row per re-referral date that a case list keeps in one cell of the case's row.
with
cases as (
    select * from {{ ref('stg_case_list__cases') }}
    where rereferral_dates is not null
),

items as (
    select
        file_key,
        source_row_number,
        date_formats,
        {{ each_of('rereferral_dates', 'list_separator') }} as rereferral_date_text
    from cases
),

rereferrals as (
    select distinct
        file_key,
        source_row_number,
        {{ typed_date('rereferral_date_text') }} as referral_date
    from items
)

select * from rereferrals
where referral_date is not null
