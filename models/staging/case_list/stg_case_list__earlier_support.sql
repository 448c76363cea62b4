-- One row per start of earlier support that a case list keeps in one cell of the case's row.
with
cases as (
    select * from {{ ref('stg_case_list__cases') }}
    where earlier_support_dates is not null
),

items as (
    select
        file_key,
        source_row_number,
        date_formats,
        {{ each_of('earlier_support_dates', 'list_separator') }} as support_date_text
    from cases
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
