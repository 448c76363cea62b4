-- On how much an estimate rests: the events of each outcome and the clusters of the cases whose
-- outcome is known, in each sample as a whole and in each of its subgroups, by arm. Clusters are
-- children; families where these were allocated to the arms. Numbers have no events.
with
studies as (
    select * from {{ ref('int_study_settings') }}
    where reading = 'main'
),

samples as (select * from {{ ref('fct_matched_cases') }}),
subgroup_cases as (select * from {{ ref('int_subgroup_cases') }}),
cases as (select * from {{ ref('fct_study_cases') }}),
reported as (select * from {{ ref('study_outcomes') }}),

outcomes as (
    select * from {{ ref('fct_case_outcomes') }}
    where value is not null
),

members as (
    select
        study_id,
        method as sample,
        cast(null as string) as subgroup,
        case_id
    from samples
    union all
    select
        study_id,
        method as sample,
        subgroup,
        case_id
    from subgroup_cases
)

select
    members.study_id,
    members.sample,
    members.subgroup,
    cases.arm,
    outcomes.outcome,
    case when reported.kind != 'number' then count(outcomes.event_date) end as n_events,
    count(
        distinct
        case
            when studies.arm_source = 'allocation' then coalesce(cases.family_id, cases.child_id)
            else cases.child_id
        end
    ) as n_clusters
from members
inner join studies using (study_id)
inner join cases using (study_id, case_id)
inner join outcomes using (study_id, case_id)
inner join reported using (study_id, outcome)
group by
    members.study_id,
    members.sample,
    members.subgroup,
    cases.arm,
    outcomes.outcome,
    reported.kind
