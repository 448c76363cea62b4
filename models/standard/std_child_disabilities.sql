-- One row per child and disability: listed in the child's own record, or one record each.
with
children as (
    select * from {{ ref('std_child_records') }}
    where fate = 'loaded'
),

listed as (select * from {{ ref('stg_records__disability_codes') }}),

disabilities as (
    select
        children.la_code,
        children.child_id,
        {{ known_code_as_of('disability_code', 'disability', 'extract_as_of_date') }}
            as disability_code
    from children
    inner join listed using (file_key, source_row_number)
    union
    select
        la_code,
        child_id,
        disability_code
    from {{ ref('std_disability_records') }}
    where fate = 'loaded'
)

select * from disabilities
