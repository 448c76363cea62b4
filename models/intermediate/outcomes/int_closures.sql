-- A case counts as closed when a closure is recorded by the study end and no child protection
-- plan or care period starts on or after it (FACT22 report, appendix 2, "Outcomes").
-- `later_escalation_inclusive` decides the same-day case, `closure_by_study_end_inclusive` a
-- closure on the last day.
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
escalations as (select * from {{ ref('int_observed_escalations') }}),

recorded as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        studies.later_escalation_inclusive,
        case
            when
                arms.closure_date <= studies.observed_until
                and arms.is_closure_uncounted is not true
                and (
                    arms.closure_date < studies.study_end
                    or studies.closure_by_study_end_inclusive
                )
                then arms.closure_date
        end as closure_date
    from arms
    inner join studies using (study_id, la_code)
),

later as (
    select
        recorded.study_id,
        recorded.la_code,
        recorded.case_id,
        min(escalations.escalation_date) as later_escalation_date
    from recorded
    inner join escalations
        on
            recorded.study_id = escalations.study_id
            and recorded.la_code = escalations.la_code
            and recorded.case_id = escalations.case_id
            and (
                recorded.closure_date < escalations.escalation_date
                or (
                    recorded.closure_date = escalations.escalation_date
                    and recorded.later_escalation_inclusive
                )
            )
    group by all
)

select
    recorded.study_id,
    recorded.la_code,
    recorded.case_id,
    recorded.closure_date,
    later.later_escalation_date,
    recorded.closure_date is not null as is_closed_recorded,
    recorded.closure_date is not null and later.later_escalation_date is null
        as is_closed_without_later_escalation
from recorded
left join later using (study_id, la_code, case_id)
