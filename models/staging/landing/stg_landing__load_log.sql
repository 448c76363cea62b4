-- A delivery whose extract.yml names no authority is kept under 'unknown'.
with
source as (select * from {{ source('landing', 'load_log') }}),

renamed as (
    select
        coalesce(la_code, 'unknown') as la_code,
        la_name,
        is_synthetic,
        format,
        delivery,
        file_name,
        holds,
        file_key,
        sha256,
        extract_as_of_date,
        extract_window_start,
        coalesce(submission, 1) as submission,
        n_read,
        n_refused_rows,
        n_opted_out,
        status,
        reason_code,
        reason,
        unknown_columns
    from source
)

select * from renamed
