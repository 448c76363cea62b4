-- Cases with more escalations counted than dated. When every dated one lies before the study
-- start, the undated ones are assumed to as well (FACT22 report, appendix 2, "Data"); when none
-- is dated, `undated_escalation` decides.
with
arms as (select * from {{ ref('int_study_cases') }}),
studies as (select * from {{ ref('int_studies') }}),
escalations as (select * from {{ ref('int_admitted_escalations') }}),

undated as (
    select distinct
        la_code,
        case_id
    from escalations
    where not is_date_known
),

counted as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        studies.undated_escalation,
        count(escalations.escalation_date) as n_dated,
        count(escalations.escalation_date) filter (
            where escalations.escalation_date >= studies.study_start
        ) as n_dated_from_study_start
    from arms
    inner join undated using (la_code, case_id)
    inner join studies using (study_id, la_code)
    inner join escalations using (la_code, case_id)
    group by all
)

select
    study_id,
    la_code,
    case_id,
    n_dated > 0 and n_dated_from_study_start = 0 as is_escalation_date_assumed,
    n_dated = 0 as is_escalation_undated,
    n_dated = 0 and undated_escalation = 'exclude' as is_excluded
from counted
