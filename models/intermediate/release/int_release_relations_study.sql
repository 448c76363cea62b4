-- Which counts of a study give which others: known and unknown, with and without, groups and the
-- parts they are made of, outcomes that lie inside others, and the steps of the flows.
with
groups as (select * from {{ ref('int_release_group_cells') }}),
split_groups as (select * from {{ ref('int_release_split_groups') }}),
flow as (select * from {{ ref('int_release_flow') }}),
trial as (select * from {{ ref('int_release_trial_flow') }}),
trial_links as (select * from {{ ref('int_release_trial_links') }}),

nesting as (
    select
        *,
        {{ cell_id(['study_id', 'sample', 'population', 'arm']) }} as group_id
    from {{ ref('int_release_nesting') }}
),

among as (
    select
        inner_groups.study_id,
        inner_groups.cell_prefix,
        inner_groups.known_cell,
        outer_groups.with_cell
    from nesting
    inner join groups as inner_groups
        on
            nesting.study_id = inner_groups.study_id
            and nesting.sample = inner_groups.sample
            and nesting.population = inner_groups.population
            and nesting.arm = inner_groups.arm
            and nesting.outcome = inner_groups.attribute
    inner join groups as outer_groups
        on
            inner_groups.study_id = outer_groups.study_id
            and inner_groups.sample = outer_groups.sample
            and inner_groups.population = outer_groups.population
            and inner_groups.arm = outer_groups.arm
            and nesting.within_outcome = outer_groups.attribute
    where nesting.relation = 'among'
),

relations as (
    {{ relation('groups', "cell_prefix || '/known_or_not'", [
        ('known_cell', 1), ('unknown_cell', 1), ('size_cell', -1)
    ], 'n_known != n') }}
    union all
    {{ relation('groups', "cell_prefix || '/with_or_without'", [
        ('with_cell', 1), ('without_cell', 1), ('known_cell', -1)
    ], 'n_with is not null') }}
    union all
    {{ relation('nesting', nested_cell('outside') ~ " || '/rest'", [
        ("group_id || '/' || outcome || '/with'", 1),
        (nested_cell('outside'), 1),
        ("group_id || '/' || within_outcome || '/with'", -1)
    ], "relation = 'within'") }}
    union all
    {{ relation('nesting', nested_cell('outside') ~ " || '/remainder'", [
        (nested_cell('outside'), 1),
        (nested_cell('shared'), 1),
        ("group_id || '/' || remainder || '/with'", -1)
    ], "relation = 'within' and is_made_up_by_both") }}
    union all
    {{ relation('among', "cell_prefix || '/among'", [('known_cell', 1), ('with_cell', -1)]) }}
    union all
    select * from split_groups
    union all
    {{ relation('flow', 'dropped_cell', [
        ('out_cell', 1), ('dropped_cell', 1), ('in_cell', -1)
    ], 'not is_first') }}
    union all
    {{ relation('trial', "cell_id || '/left'", [
        ('cell_id', 1), ("cell_id || '/dropped'", 1), ('cell_before', -1)
    ], 'n_before is not null') }}
    union all
    select * from trial_links
)

select
    study_id as scope,
    relation_id,
    cell_id,
    cast(sum(coefficient) as integer) as coefficient
from relations
group by all
having sum(coefficient) != 0
