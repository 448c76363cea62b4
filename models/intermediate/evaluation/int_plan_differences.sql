-- Where the present configuration differs from the locked plan. A parameter that came into being
-- after the lock counts once the study sets it to something else than its default.
with
planned as (select * from {{ ref('int_locked_plans') }}),
current_items as (select * from {{ ref('int_plan_items') }}),

locked as (
    select distinct
        study_id,
        plan_version
    from planned
),

item_keys as (
    select
        study_id,
        kind,
        item
    from planned
    union
    select
        study_id,
        kind,
        item
    from current_items
    where not is_default
),

differences as (
    select
        locked.study_id,
        locked.plan_version,
        item_keys.kind,
        item_keys.item,
        planned.value as planned,
        current_items.value as current,
        case
            when planned.value is null then 'added'
            when current_items.value is null then 'removed'
            else 'changed'
        end as deviation
    from item_keys
    inner join locked
        on item_keys.study_id = locked.study_id
    left join planned
        on
            item_keys.study_id = planned.study_id
            and item_keys.kind = planned.kind
            and item_keys.item = planned.item
    left join current_items
        on
            item_keys.study_id = current_items.study_id
            and item_keys.kind = current_items.kind
            and item_keys.item = current_items.item
    where coalesce(planned.value != current_items.value, true)
)

select * from differences
