-- One row per child and authority: what the child's latest case says, and whether its cases
-- disagree about the birth date.
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
    from described
    where recency = 1
)

select * from children
