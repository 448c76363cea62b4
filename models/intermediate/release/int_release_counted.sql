-- Which outcomes and two-valued covariates are counted in which groups: all in whole samples and in
-- what published parts leave of a sample, in a subgroup those that an analysis asks about.
with
members as (select * from {{ ref('int_release_members') }}),
attributes as (select * from {{ ref('int_release_attributes') }}),
splits as (select * from {{ ref('int_release_splits') }}),

asked as (
    select
        study_id,
        sample,
        coalesce(subgroup, 'all') as population,
        outcome as attribute,
        bool_or(is_primary) as is_primary
    from {{ ref('study_analyses') }}
    group by all
),

asked_in_subgroups as (
    select distinct
        study_id,
        sample,
        attribute
    from asked
    where population != 'all'
),

listed as (
    select distinct
        study_id,
        attribute,
        kind
    from attributes
),

sample_splits as (
    select distinct
        study_id,
        'outside_' || split as population
    from splits
    where part_population = 'all'
),

sizes as (
    select
        study_id,
        sample,
        population,
        arm,
        count(*) as n
    from members
    group by all
)

select
    sizes.study_id,
    sizes.sample,
    sizes.population,
    sizes.arm,
    listed.attribute,
    listed.kind,
    sizes.n,
    coalesce(asked.is_primary, false) as is_primary
from sizes
inner join listed
    on sizes.study_id = listed.study_id
left join asked
    on
        sizes.study_id = asked.study_id
        and sizes.sample = asked.sample
        and sizes.population = asked.population
        and listed.attribute = asked.attribute
left join asked_in_subgroups
    on
        sizes.study_id = asked_in_subgroups.study_id
        and sizes.sample = asked_in_subgroups.sample
        and listed.attribute = asked_in_subgroups.attribute
left join sample_splits
    on sizes.study_id = sample_splits.study_id and sizes.population = sample_splits.population
where
    sizes.population = 'all'
    or sample_splits.population is not null
    or asked_in_subgroups.attribute is not null
