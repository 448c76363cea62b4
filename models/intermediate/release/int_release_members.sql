-- The cases of every group whose counts are controlled: those that are published, and what is left
-- of a group when the published parts of it are taken away.
with
samples as (select * from {{ ref('fct_matched_cases') }}),
subgroup_cases as (select * from {{ ref('int_subgroup_cases') }}),
splits as (select * from {{ ref('int_release_splits') }}),

parts as (
    select distinct
        study_id,
        part_sample as method,
        part_population as subgroup,
        arm
    from splits
),

groups as (
    select
        study_id,
        method as sample,
        'all' as population,
        arm,
        case_id
    from samples
    union all
    select
        samples.study_id,
        samples.method as sample,
        subgroup_cases.subgroup as population,
        samples.arm,
        samples.case_id
    from samples
    inner join subgroup_cases using (study_id, method, case_id)
    inner join parts using (study_id, method, subgroup, arm)
),

wholes as (
    select distinct
        study_id,
        arm,
        whole_sample,
        split
    from splits
),

rests as (
    select
        wholes.study_id,
        wholes.whole_sample as sample,
        'outside_' || wholes.split as population,
        wholes.arm,
        samples.case_id
    from wholes
    inner join samples
        on
            wholes.study_id = samples.study_id
            and wholes.whole_sample = samples.method
            and wholes.arm = samples.arm
    left join splits
        on
            wholes.study_id = splits.study_id
            and wholes.arm = splits.arm
            and wholes.whole_sample = splits.whole_sample
            and wholes.split = splits.split
    left join groups
        on
            splits.study_id = groups.study_id
            and splits.part_sample = groups.sample
            and splits.part_population = groups.population
            and samples.arm = groups.arm
            and samples.case_id = groups.case_id
    group by all
    having count(groups.case_id) = 0
)

select * from groups
union all
select * from rests
