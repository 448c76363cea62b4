-- One row per child and authority: what the child's latest case in a case list says, else what the
-- newest return says; and whether cases disagree about the birth date.
with
records as (
    select * from {{ ref('std_cin_case_records') }}
    where fate = 'loaded'
),

described as (
    select
        la_code,
        child_id,
        family_id,
        cast(date_trunc('month', birth_date) as date) as birth_month,
        sex_code,
        ethnicity_code,
        nationality,
        count(*) over (partition by la_code, child_id) as n_cases,
        coalesce(
            min(birth_date) over (partition by la_code, child_id)
            != max(birth_date) over (partition by la_code, child_id),
            false
        ) as has_conflicting_birth_dates,
        row_number() over (
            partition by la_code, child_id
            order by
                plan_start_date desc, delivery desc, file_name desc, source_row_number desc
        ) as recency
    from records
),

listed as (
    select * from described
    where recency = 1
),

returned as (select * from {{ ref('std_returned_children') }}),

children as (
    select
        la_code,
        child_id,
        family_id,
        birth_month,
        sex_code,
        ethnicity_code,
        nationality,
        n_cases,
        has_conflicting_birth_dates
    from listed
    union all
    select returned.*
    from returned
    left join listed
        on
            returned.la_code = listed.la_code
            and returned.child_id = listed.child_id
    where listed.child_id is null
)

select * from children
