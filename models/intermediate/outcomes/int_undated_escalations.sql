-- Cases with more escalations counted than dated. When every dated one lies before the study
-- start, the undated ones are assumed to as well (FACT22 report, appendix 2, "Data"); when none
-- is dated, `undated_escalation` decides.
with
studies as (select * from {{ ref('int_studies') }}),
escalations as (select * from {{ ref('int_admitted_escalations') }}),

counted as (
    select
        studies.study_id,
        escalations.la_code,
        escalations.case_id,
        studies.undated_escalation,
        count(escalations.escalation_date) as n_dated,
        count(escalations.escalation_date) filter (
            where escalations.escalation_date >= studies.study_start
        ) as n_dated_from_study_start
    from escalations
    inner join studies using (la_code)
    group by all
    having count(*) filter (where not escalations.is_date_known) > 0
)

select
    study_id,
    la_code,
    case_id,
    n_dated > 0 and n_dated_from_study_start = 0 as is_escalation_date_assumed,
    n_dated = 0 as is_escalation_undated,
    n_dated = 0 and undated_escalation = 'exclude' as is_excluded
from counted
