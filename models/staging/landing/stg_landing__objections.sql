-- The door lists each child with what was objected to, once for each authority.
with
source as (select * from {{ source('landing', 'objections') }}),

renamed as (
    select
        la_code,
        child_id,
        objects_to
    from source
)

select * from renamed
