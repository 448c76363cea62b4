-- The relations of groups and the parts they are made of, in size and in what is counted of them.
with
splits as (select * from {{ ref('int_release_splits') }}),
groups as (select * from {{ ref('int_release_group_cells') }}),

parts as (
    select distinct
        study_id,
        arm,
        whole_sample,
        split,
        whole_sample as sample,
        'all' as population,
        -1 as coefficient
    from splits
    union all
    select distinct
        study_id,
        arm,
        whole_sample,
        split,
        whole_sample as sample,
        'outside_' || split as population,
        1 as coefficient
    from splits
    union all
    select
        study_id,
        arm,
        whole_sample,
        split,
        part_sample as sample,
        part_population as population,
        1 as coefficient
    from splits
),

counted as (
    select
        parts.study_id,
        {{ cell_id([
            'parts.study_id', 'parts.whole_sample', 'parts.arm', "'split'", 'parts.split'
        ]) }} as split_id,
        parts.coefficient,
        groups.attribute,
        groups.size_cell,
        groups.known_cell,
        groups.with_cell,
        groups.n_with,
        bool_or(groups.n_known != groups.n) over (
            partition by
                parts.study_id, parts.arm, parts.whole_sample, parts.split, groups.attribute
        ) as is_known_in_part
    from parts
    inner join groups using (study_id, arm, sample, population)
    where
        parts.coefficient = 1
        or exists (
            select 1 from splits as asked
            inner join groups as part_groups
                on
                    asked.study_id = part_groups.study_id
                    and asked.arm = part_groups.arm
                    and asked.part_sample = part_groups.sample
                    and asked.part_population = part_groups.population
            where
                asked.study_id = parts.study_id
                and asked.arm = parts.arm
                and asked.whole_sample = parts.whole_sample
                and asked.split = parts.split
                and part_groups.attribute = groups.attribute
        )
)

select distinct
    study_id,
    split_id || '/size' as relation_id,
    size_cell as cell_id,
    coefficient
from counted
union all
select
    study_id,
    split_id || '/' || attribute || '/known' as relation_id,
    known_cell as cell_id,
    coefficient
from counted
where is_known_in_part
union all
select
    study_id,
    split_id || '/' || attribute || '/with' as relation_id,
    with_cell as cell_id,
    coefficient
from counted
where n_with is not null
