-- Whether an analysis was planned before its outcomes were looked at: as_planned, amended (as the
-- plan is now, but that was changed after it was first locked), deviates (it or something that it
-- rests on was changed since), not_in_plan (added since), or no_plan.
with
analyses as (select * from {{ ref('study_analyses') }}),
plans as (select * from {{ ref('int_locked_plans') }}),
deviations as (select * from {{ ref('fct_plan_deviations') }}),

locked as (
    select distinct
        study_id,
        plan_version
    from plans
),

counted as (
    select
        analyses.study_id,
        analyses.analysis_id,
        count(deviations.item) as n_deviations,
        count(
            case when deviations.kind = 'analysis' and deviations.deviation = 'added' then 1 end
        ) as n_added
    from analyses
    left join deviations
        on
            analyses.study_id = deviations.study_id
            and (
                deviations.touches = 'study'
                or analyses.analysis_id = deviations.touches_analysis_id
            )
    group by analyses.study_id, analyses.analysis_id
),

judged as (
    select
        counted.study_id,
        counted.analysis_id,
        locked.plan_version,
        case
            when locked.plan_version is null then 'no_plan'
            when counted.n_added > 0 then 'not_in_plan'
            when counted.n_deviations > 0 then 'deviates'
            when locked.plan_version > 1 then 'amended'
            else 'as_planned'
        end as plan_status,
        case
            when locked.plan_version is not null then cast(counted.n_deviations as integer)
        end as n_deviations
    from counted
    left join locked
        on counted.study_id = locked.study_id
)

select * from judged
