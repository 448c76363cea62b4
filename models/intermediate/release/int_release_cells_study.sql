-- Every count of a study's cases that a release table shows or that a reader could work out from
-- those it shows. The higher the priority, the later a count is hidden to protect another: last the
-- sizes and outcomes of primary analyses, first what is only worked out.
with
groups as (select * from {{ ref('int_release_group_cells') }}),
nesting as (select * from {{ ref('int_release_nesting') }}),
flow as (select * from {{ ref('int_release_flow') }}),
trial as (select * from {{ ref('int_release_trial_flow') }}),

ranked as (
    select
        *,
        case
            when is_primary then 8
            when population like 'outside%' then 1
            when kind = 'covariate' then 3
            else 4
        end as rank
    from groups
),

cells as (
    select
        study_id,
        size_cell as cell_id,
        n,
        case
            when bool_or(is_primary) then 9
            when population like 'outside%' then 2
            else 5
        end as priority
    from groups
    group by
        study_id,
        population,
        size_cell,
        n
    {% for cell, n, condition in [
        ('known', 'n_known', 'n_known != n'),
        ('unknown', 'n - n_known', 'n_known != n'),
        ('with', 'n_with', 'n_with is not null'),
        ('without', 'n_known - n_with', 'n_with is not null')
    ] -%}
    union all
    select
        study_id,
        {{ cell }}_cell as cell_id,
        {{ n }} as n,
        rank as priority
    from ranked
    where {{ condition }}
    {% endfor -%}
    {% for part in ['outside', 'shared'] -%}
    union all
    select
        study_id,
        {{ nested_cell(part) }} as cell_id,
        n_{{ part }} as n,
        2 as priority
    from nesting
    where relation = 'within' {{ 'and is_made_up_by_both' if part == 'shared' }}
    {% endfor -%}
    {% for source, cell, n, priority, condition in [
        ('flow', 'out_cell', 'n_out', 5, "out_cell like '%/out'"),
        ('flow', 'dropped_cell', 'n_dropped', 3, 'not is_first'),
        ('trial', 'cell_id', 'n', 5, 'true'),
        ('trial', "cell_id || '/dropped'", 'n_before - n', 3, 'n_before is not null')
    ] -%}
    union all
    select
        study_id,
        {{ cell }} as cell_id,
        {{ n }} as n,
        {{ priority }} as priority
    from {{ source }}
    where {{ condition }}
    {% endfor -%}
)

select
    study_id as scope,
    cell_id,
    cast(n as bigint) as n,
    'authority' as level,
    priority
from cells
