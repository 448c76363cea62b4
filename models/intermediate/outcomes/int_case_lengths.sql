-- The length of a case runs from its origin (`length_origin`) to the closure that the study lets
-- end it (`length_ends_with`: one without a later escalation in the FACT22 report, appendix 2,
-- "Outcomes"; one without a re-referral in the Project Crewe report, appendix 6), and is
-- censored otherwise: open cases at the last observable day, cases whose closure didn't last
-- there too or at their closure (`censor_at`), cases that ended for a reason the study doesn't
-- count at that end. A case that started after that day has no length, nor has one whose outcome
-- isn't known; nor has a closure before the origin.
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
closures as (select * from {{ ref('int_closures') }}),
rereferred as (select * from {{ ref('int_rereferrals_after_closure') }}),

ended as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        arms.plan_start_date,
        arms.referral_date,
        case studies.length_origin
            when 'referral' then arms.referral_date
            when 'recoded_referral' then arms.recoded_referral_date
            else arms.plan_start_date
        end as length_origin_date,
        arms.closure_date as ended_date,
        closures.closure_date,
        closures.is_closed_recorded,
        {{ closure_counts('studies.length_ends_with') }} as is_ended,
        {{ closure_counts('studies.closed_length_base') }} as is_in_closed_base,
        studies.censor_at,
        studies.observed_until
    from arms
    inner join studies using (study_id, la_code)
    inner join closures using (study_id, la_code, case_id)
    left join rereferred using (study_id, la_code, case_id)
    where arms.is_outcome_known is not false
),

dated as (
    select
        *,
        case
            when is_ended then closure_date
            when is_closed_recorded and censor_at = 'closure_date' then closure_date
            when not is_closed_recorded and ended_date < observed_until then ended_date
            else observed_until
        end as end_date
    from ended
)

select
    study_id,
    la_code,
    case_id,
    plan_start_date,
    referral_date,
    length_origin_date,
    end_date,
    not is_ended as is_censored,
    {{ days_between('length_origin_date', 'end_date') }} as case_length_days,
    case
        when is_in_closed_base and length_origin_date <= closure_date
            then {{ days_between('length_origin_date', 'closure_date') }}
    end as closed_case_length_days
from dated
where length_origin_date <= end_date
