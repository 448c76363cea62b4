-- The plan that a study is held to: the latest version that was locked.
with
plans as (select * from {{ ref('study_plans') }}),

latest as (
    select
        study_id,
        max(version) as version
    from plans
    group by study_id
),

held_to as (
    select
        plans.study_id,
        plans.version as plan_version,
        plans.kind,
        plans.item,
        plans.value
    from plans
    inner join latest
        on plans.study_id = latest.study_id and plans.version = latest.version
)

select * from held_to
