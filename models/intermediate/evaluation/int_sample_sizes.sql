-- Cases, children and cases with an assumed escalation date of each sample, by arm.
with
samples as (select * from {{ ref('fct_matched_cases') }}),
cases as (select * from {{ ref('fct_study_cases') }})

select
    samples.study_id,
    samples.method as sample,
    samples.arm,
    count(*) as n_cases,
    count(distinct cases.child_id) as n_children,
    count(*) filter (where cases.is_escalation_date_assumed) as n_escalation_date_assumed
from samples
inner join cases using (study_id, la_code, case_id)
group by all
