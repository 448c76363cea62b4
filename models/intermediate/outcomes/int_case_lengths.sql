-- The length of a case runs from plan start to closure when no escalation follows, and is censored
-- otherwise (FACT22 report, appendix 2, "Outcomes"): open cases at the last observable day, cases
-- that closed and then escalated there too or at their closure (`censor_at`), cases that ended for
-- a reason the study doesn't count at that end. A case that started after that day has no length.
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
closures as (select * from {{ ref('int_closures') }}),

ended as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        arms.plan_start_date,
        closures.is_closed_without_later_escalation,
        case
            when closures.is_closed_without_later_escalation then closures.closure_date
            when closures.is_closed_recorded and studies.censor_at = 'closure_date'
                then closures.closure_date
            when not closures.is_closed_recorded and arms.closure_date < studies.observed_until
                then arms.closure_date
            else studies.observed_until
        end as end_date
    from arms
    inner join studies using (study_id, la_code)
    inner join closures using (study_id, la_code, case_id)
)

select
    study_id,
    la_code,
    case_id,
    plan_start_date,
    end_date,
    not is_closed_without_later_escalation as is_censored,
    {{ days_between('plan_start_date', 'end_date') }} as case_length_days
from ended
where plan_start_date <= end_date
