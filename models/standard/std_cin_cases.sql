-- One row per case of children in need: the loaded record of each case, as its authority gave
-- it. Age is counted from the birth date by the calendar where there is one, else taken as
-- given.
with
records as (
    select * from {{ ref('std_cin_case_records') }}
    where fate = 'loaded'
),

cases as (
    select
        la_code,
        case_id,
        child_id,
        family_id,
        referral_date,
        plan_start_date,
        closure_date,
        closure_reason_code,
        primary_need_code,
        case
            when birth_date <= plan_start_date
                then round({{ days_between('birth_date', 'plan_start_date') }} / 365.25, 1)
            when birth_date is null then age_at_plan_start
        end as age_at_plan_start,
        case
            when birth_date <= plan_start_date
                then {{ completed_years('birth_date', 'plan_start_date') }}
            when birth_date is null then cast(floor(age_at_plan_start) as integer)
        end as age_completed_years,
        birth_date > plan_start_date as is_unborn_at_plan_start,
        sex_code,
        ethnicity_code,
        nationality,
        ward,
        n_siblings_under_18,
        n_previous_referrals,
        is_index_child,
        has_disability,
        is_outcome_known,
        unreadable_values,
        extract_as_of_date,
        file_key,
        source_row_number
    from records
)

select * from cases
