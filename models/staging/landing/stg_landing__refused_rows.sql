-- A delivery whose extract.yml names no authority is kept under 'unknown'.
with
source as (select * from {{ source('landing', 'refused_rows') }}),

renamed as (
    select
        coalesce(la_code, 'unknown') as la_code,
        delivery,
        file_name,
        file_key,
        holds,
        source_row_number,
        reason_code,
        reason
    from source
)

select * from renamed
