-- How each case ended on each survival clock when closure and escalation compete: by the first
-- escalation since its plan start, or by closure without a later escalation (FACT22 report,
-- appendix 2, "Outcomes"), whichever comes first; else it is censored where its length is. An
-- escalation on the day of a closure that counts comes second. A case that closed and escalated
-- later thus ended by escalation, on that day. `competing_escalation` says which kinds count. A
-- case that ended before a clock started, or before it was watched, isn't on it.
with
clocks as (select * from {{ ref('int_case_clocks') }}),
lengths as (select * from {{ ref('int_case_lengths') }}),
studies as (select * from {{ ref('int_studies') }}),
escalations as (select * from {{ ref('int_observed_escalations') }}),

first_escalations as (
    select
        lengths.study_id,
        lengths.la_code,
        lengths.case_id,
        min(escalations.escalation_date) as escalation_date
    from lengths
    inner join studies using (study_id, la_code)
    inner join escalations using (study_id, la_code, case_id)
    where
        escalations.escalation_date >= lengths.plan_start_date
        and (
            escalations.escalation_date < lengths.end_date
            or (escalations.escalation_date = lengths.end_date and lengths.is_censored)
        )
        and studies.competing_escalation in ('any', escalations.escalation_type)
    group by all
),

timed as (
    select
        clocks.study_id,
        clocks.la_code,
        clocks.case_id,
        clocks.clock,
        clocks.origin_date,
        clocks.entry_days,
        coalesce(first_escalations.escalation_date, lengths.end_date) as end_date,
        case
            when first_escalations.escalation_date is not null then 'escalation'
            when lengths.is_censored then 'censored'
            else 'closure'
        end as ended_by
    from clocks
    inner join lengths using (study_id, la_code, case_id)
    left join first_escalations using (study_id, la_code, case_id)
)

select
    study_id,
    la_code,
    case_id,
    clock,
    origin_date,
    end_date,
    ended_by,
    entry_days,
    {{ days_between('origin_date', 'end_date') }} as time_days
from timed
where entry_days <= {{ days_between('origin_date', 'end_date') }}
