-- The re-referral dates that a case list keeps in one cell of the case's row, as often as it tells
-- them. Read as they landed: millions of cases needn't be typed for them.
with
items as (
    select
        file_key,
        source_row_number,
        date_formats,
        {{ each_of(stated('rereferral_dates'), "coalesce(list_separator, ';')") }}
            as rereferral_date_text
    from {{ source('landing', 'case_list__cases') }}
    where rereferral_dates is not null
),

rereferrals as (
    select
        file_key,
        source_row_number,
        {{ typed_date('rereferral_date_text') }} as referral_date
    from items
)

select * from rereferrals
where referral_date is not null
