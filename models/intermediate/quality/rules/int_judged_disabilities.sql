-- What judged returns say of each child's disabilities: how many codes, how many that DfE's list
-- doesn't have, how many said twice. The codes are a list in the child's own record, or records of
-- their own.
with
children as (select * from {{ ref('std_child_records') }}),
disabilities as (select * from {{ ref('std_disability_records') }}),

codes as (
    select code from {{ ref('code_sets') }}
    where code_set = 'disability'
),

-- Each code stands between two separators of its own.
lists as (
    select
        la_code,
        delivery,
        child_id,
        file_key,
        source_row_number,
        length(disability_codes) - length(replace(disability_codes, ';', '')) + 1 as n_codes,
        ';' || replace(disability_codes, ';', ';;') || ';' as spaced_codes
    from children
    where disability_codes is not null
),

own_records as (
    select
        disabilities.la_code,
        disabilities.delivery,
        disabilities.child_id,
        codes.code,
        count(*) as n_times
    from disabilities
    left join codes
        on disabilities.disability_code = codes.code
    where disabilities.disability_code is not null and disabilities.child_id is not null
    group by all
),

counts as (
    select
        lists.la_code,
        lists.delivery,
        lists.child_id,
        lists.file_key,
        lists.source_row_number,
        lists.n_codes,
        codes.code,
        (
            length(lists.spaced_codes)
            - length(replace(lists.spaced_codes, ';' || codes.code || ';', ''))
        ) / (length(codes.code) + 2) as n_times
    from lists
    cross join codes
    union all
    select
        la_code,
        delivery,
        child_id,
        cast(null as string) as file_key,
        cast(null as bigint) as source_row_number,
        sum(n_times) over (partition by la_code, delivery, child_id) as n_codes,
        code,
        case when code is null then 0 else n_times end as n_times
    from own_records
)

select
    la_code,
    delivery,
    child_id,
    file_key,
    source_row_number,
    cast(n_codes as bigint) as n_codes,
    cast(n_codes - sum(n_times) as bigint) as n_unknown,
    count(*) filter (where n_times > 0) as n_different,
    count(*) filter (where n_times > 1) as n_repeated,
    count(*) filter (where code = 'NONE' and n_times > 0) as n_none
from counts
group by la_code, delivery, child_id, file_key, source_row_number, n_codes
