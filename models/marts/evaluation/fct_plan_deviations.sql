-- Where the present configuration differs from the locked plan, beside each analysis that the
-- difference touches: an analysis itself, the analyses of an outcome or a subgroup (planned or
-- present), none for a reading of the specification curve, else all.
with
differences as (select * from {{ ref('int_plan_differences') }}),
planned as (select * from {{ ref('int_locked_plans') }}),
current_items as (select * from {{ ref('int_plan_items') }}),

analyses as (
    select
        study_id,
        item as analysis_id,
        value
    from planned
    where kind = 'analysis'
    union
    select
        study_id,
        item as analysis_id,
        value
    from current_items
    where kind = 'analysis'
),

touched as (
    select distinct
        differences.study_id,
        differences.kind,
        differences.item,
        analyses.analysis_id
    from differences
    inner join analyses
        on
            differences.study_id = analyses.study_id
            and differences.kind in ('outcome', 'subgroup')
            and instr(
                '; ' || analyses.value || ';',
                '; ' || differences.kind || '=' || differences.item || ';'
            ) > 0
),

deviations as (
    select
        differences.study_id,
        differences.plan_version,
        differences.kind,
        differences.item,
        differences.planned,
        differences.current,
        differences.deviation,
        case
            when differences.kind = 'analysis' or touched.analysis_id is not null then 'analysis'
            when differences.kind in ('outcome', 'subgroup', 'reading') then 'nothing'
            else 'study'
        end as touches,
        case
            when differences.kind = 'analysis' then differences.item
            else touched.analysis_id
        end as touches_analysis_id
    from differences
    left join touched
        on
            differences.study_id = touched.study_id
            and differences.kind = touched.kind
            and differences.item = touched.item
)

select * from deviations
