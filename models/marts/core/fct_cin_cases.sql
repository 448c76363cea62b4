-- One row per case of a child in need. A flat case list gives its cases as they are, returns give
-- chains of plans, or episodes where they hold no plans; age is at the plan start.
with
cases as (select * from {{ ref('int_admitted_cin_cases') }})

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
    age_at_plan_start,
    age_completed_years,
    is_unborn_at_plan_start,
    sex_code,
    ethnicity_code,
    nationality,
    ward,
    n_siblings_under_18,
    n_previous_referrals,
    made_of,
    extract_as_of_date
from cases
