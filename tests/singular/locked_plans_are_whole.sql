-- A locked plan is what was locked: each version's rows give the hash they carry, on top of the
-- version before. `csc plan --lock` writes the same hash.
with plans as (
    select * from {{ ref('study_plans') }}
),

versions as (
    select
        study_id,
        version,
        min(plan_hash) as plan_hash,
        min(concat_ws('|', cast(locked_on as string), coalesce(reason, ''))) as circumstances,
        count(distinct concat_ws('|', plan_hash, locked_on, coalesce(reason, ''))) as n_readings,
        {{ ordered_list("concat_ws('|', kind, item, value)", "concat_ws('|', kind, item, value)") }}
            as items
    from plans
    group by study_id, version
),

chained as (
    select
        *,
        coalesce(lag(plan_hash) over (partition by study_id order by version), '') as hash_before
    from versions
)

select
    study_id,
    version
from chained
where
    n_readings > 1
    or plan_hash != md5(concat_ws('|', study_id, version, circumstances, hash_before, items))
