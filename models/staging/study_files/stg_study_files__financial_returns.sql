-- One row per record of a programme's financial return, typed. A row that adds up others says so
-- where its month or its category should stand. What is compared between records is the amount
-- alone, however it is written.
with
source as (select * from {{ source('landing', 'study_files__financial_returns') }}),

typed as (
    select
        la_code,
        {{ stated('programme_id') }} as programme_id,
        delivery,
        file_name,
        file_key,
        source_row_number,
        md5({{ number_text(try_amount('amount')) }}) as record_hash,
        id_flags,
        extract_as_of_date,
        {{ typed_date('month') }} as month_date,
        {{ unreadable(dates=['month']) }} as unreadable_dates,
        {{ stated('lower(cost_category)') }} as cost_category,
        {{ stated('line_id') }} as line_id,
        {{ try_amount('amount') }} as amount_gbp,
        {{ stated('amount') }} is not null as is_amount_given,
        {{ is_total('month') }} or {{ is_total('cost_category') }} as is_totals_row
    from source
)

select * from typed
