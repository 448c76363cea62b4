-- The starts of earlier support that a case list keeps in one cell of the case's row, each once.
-- Read as they landed: millions of cases needn't be typed for them.
with
items as (
    select
        file_key,
        source_row_number,
        date_formats,
        {{ each_of(stated('earlier_support_dates'), "coalesce(list_separator, ';')") }}
            as support_date_text
    from {{ source('landing', 'case_list__cases') }}
    where earlier_support_dates is not null
),

starts as (
    select distinct
        file_key,
        source_row_number,
        {{ typed_date('support_date_text') }} as support_date
    from items
)

select * from starts
where support_date is not null
