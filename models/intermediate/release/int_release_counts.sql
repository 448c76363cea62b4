-- How many cases of each group are known by an outcome or a two-valued covariate, and how many have
-- it, each case counted once: weights protect nobody. The largest share is that of one case in the
-- sum of a length or number.
with
members as (select * from {{ ref('int_release_members') }}),
attributes as (select * from {{ ref('int_release_attributes') }}),

asked as (
    select distinct
        study_id,
        sample,
        outcome as attribute
    from {{ ref('study_analyses') }}
    where subgroup is not null
),

primaries as (
    select distinct
        study_id,
        sample,
        outcome as attribute,
        'all' as population
    from {{ ref('study_analyses') }}
    where is_primary
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
    from {{ ref('int_release_splits') }}
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
    count(attributes.value) as n_known,
    case when listed.kind != 'number' then count(*) filter (where attributes.has_it) end as n_with,
    case
        when listed.kind in ('length', 'number')
            then max(abs(attributes.value)) / nullif(sum(abs(attributes.value)), 0)
    end as largest_share,
    primaries.attribute is not null as is_primary
from sizes
inner join listed
    on sizes.study_id = listed.study_id
left join asked
    on
        sizes.study_id = asked.study_id
        and sizes.sample = asked.sample
        and listed.attribute = asked.attribute
left join sample_splits
    on sizes.study_id = sample_splits.study_id and sizes.population = sample_splits.population
left join primaries
    on
        sizes.study_id = primaries.study_id
        and sizes.sample = primaries.sample
        and sizes.population = primaries.population
        and listed.attribute = primaries.attribute
inner join members
    on
        sizes.study_id = members.study_id
        and sizes.sample = members.sample
        and sizes.population = members.population
        and sizes.arm = members.arm
left join attributes
    on
        members.study_id = attributes.study_id
        and members.case_id = attributes.case_id
        and listed.attribute = attributes.attribute
where
    sizes.population = 'all'
    or sample_splits.population is not null
    or asked.attribute is not null
group by
    sizes.study_id,
    sizes.sample,
    sizes.population,
    sizes.arm,
    listed.attribute,
    listed.kind,
    sizes.n,
    primaries.attribute
