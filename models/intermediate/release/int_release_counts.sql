-- How many cases of each group are known by an outcome or a two-valued covariate, and how many have
-- it, each case counted once: weights protect nobody. The largest share is that of one case in the
-- sum of a length or number.
with
counted as (select * from {{ ref('int_release_counted') }}),
members as (select * from {{ ref('int_release_members') }}),
attributes as (select * from {{ ref('int_release_attributes') }})

select
    counted.study_id,
    counted.sample,
    counted.population,
    counted.arm,
    counted.attribute,
    counted.kind,
    counted.n,
    count(attributes.value) as n_known,
    case when counted.kind != 'number' then count(*) filter (where attributes.has_it) end as n_with,
    case
        when counted.kind in ('length', 'number')
            then max(abs(attributes.value)) / nullif(sum(abs(attributes.value)), 0)
    end as largest_share,
    counted.is_primary
from counted
inner join members
    on
        counted.study_id = members.study_id
        and counted.sample = members.sample
        and counted.population = members.population
        and counted.arm = members.arm
left join attributes
    on
        members.study_id = attributes.study_id
        and members.case_id = attributes.case_id
        and counted.attribute = attributes.attribute
group by
    counted.study_id,
    counted.sample,
    counted.population,
    counted.arm,
    counted.attribute,
    counted.kind,
    counted.n,
    counted.is_primary
