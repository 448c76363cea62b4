-- A case escalated when a child protection plan or care period starts inside the study, before
-- or after its closure (FACT22 report, appendix 2, "Outcomes"). `escalation_from` sets the
-- first day that counts.
with
arms as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),
index_dates as (select * from {{ ref('int_case_index_dates') }}),
escalations as (select * from {{ ref('int_observed_escalations') }}),

windows as (
    select
        arms.study_id,
        arms.la_code,
        arms.case_id,
        case studies.escalation_from
            when 'case_open' then arms.plan_start_date
            when 'programme_entry' then index_dates.index_date
            else studies.study_start
        end as counted_from_date
    from arms
    inner join studies using (study_id, la_code)
    inner join index_dates using (study_id, la_code, case_id)
)

select
    windows.study_id,
    windows.la_code,
    windows.case_id,
    windows.counted_from_date,
    min(escalations.escalation_date) as first_escalation_date,
    min(escalations.escalation_date) filter (
        where escalations.escalation_type = 'cp'
    ) as first_cp_date,
    min(escalations.escalation_date) filter (
        where escalations.escalation_type = 'lac'
    ) as first_lac_date
from windows
left join escalations
    on
        windows.study_id = escalations.study_id
        and windows.la_code = escalations.la_code
        and windows.case_id = escalations.case_id
        and windows.counted_from_date <= escalations.escalation_date
group by all
