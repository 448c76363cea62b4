-- The figures that diagnostics judge of a subgroup: children, events and balance of its own cases,
-- per sample and subgroup, and per outcome where they depend on one. Those of the whole sample
-- would let a subgroup of a few pass. Differences are standardised as in the balance table, by all
-- eligible treated cases.
with
members as (select * from {{ ref('int_subgroup_cases') }}),
cases as (select * from {{ ref('fct_study_cases') }}),
outcomes as (select * from {{ ref('fct_case_outcomes') }}),
balance as (select * from {{ ref('int_subgroup_balance') }}),

described as (
    select
        members.study_id,
        members.method as sample,
        members.subgroup,
        members.case_id,
        cases.arm,
        cases.child_id
    from members
    inner join cases using (study_id, case_id)
),

clusters as (
    select
        study_id,
        sample,
        subgroup,
        cast(null as varchar) as outcome,
        'clusters_' || arm as diagnostic,
        cast(count(distinct child_id) as double) as value
    from described
    group by all
),

events as (
    select
        described.study_id,
        described.sample,
        described.subgroup,
        outcomes.outcome,
        'events_' || described.arm as diagnostic,
        cast(count(outcomes.event_date) as double) as value
    from described
    inner join outcomes using (study_id, case_id)
    group by all
),

figures as (
    select * from clusters
    union all
    select * from events
    union all
    select
        study_id,
        sample,
        subgroup,
        cast(null as varchar) as outcome,
        'largest_abs_smd' as diagnostic,
        max(abs(smd)) as value
    from balance
    group by all
)

select * from figures
