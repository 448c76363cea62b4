-- Which groups of cases make up another: the subgroups of one attribute with the cases outside
-- them, and a matched sample with the cases it left out. A reader who knows the whole and a part
-- knows the rest, so the rest is a group of its own. Where cases belong to two subgroups of an
-- attribute (comparators of several treated cases), each subgroup splits the sample by itself.
with
samples as (select * from {{ ref('fct_matched_cases') }}),
subgroup_cases as (select * from {{ ref('int_subgroup_cases') }}),
subgroups as (select * from {{ ref('study_subgroups') }}),

asked as (
    select distinct
        study_id,
        sample,
        subgroup
    from {{ ref('study_analyses') }}
    where subgroup is not null
),

members as (
    select
        samples.study_id,
        samples.method as sample,
        samples.arm,
        samples.case_id,
        subgroups.attribute,
        subgroups.subgroup
    from samples
    inner join subgroup_cases using (study_id, method, case_id)
    inner join subgroups using (study_id, subgroup)
    inner join asked
        on
            samples.study_id = asked.study_id
            and samples.method = asked.sample
            and subgroups.subgroup = asked.subgroup
),

attributes as (
    select
        study_id,
        sample,
        arm,
        attribute,
        count(*) = count(distinct case_id) as is_partition
    from members
    group by all
),

by_subgroup as (
    select distinct
        members.study_id,
        members.arm,
        members.sample as whole_sample,
        case when attributes.is_partition then members.attribute else members.subgroup end as split,
        members.sample as part_sample,
        members.subgroup as part_population
    from members
    inner join attributes using (study_id, sample, arm, attribute)
),

wholes as (
    select distinct method
    from samples
    where method in ('unmatched', 'allocated_children')
),

contained as (
    select
        parts.study_id,
        parts.arm,
        wholes.method as whole_sample,
        parts.method as split,
        parts.method as part_sample,
        'all' as part_population
    from samples as parts
    cross join wholes
    left join samples as found
        on
            parts.study_id = found.study_id
            and parts.case_id = found.case_id
            and wholes.method = found.method
    where wholes.method != parts.method
    group by all
    having count(*) = count(found.case_id)
)

select * from by_subgroup
union all
select * from contained
