-- The cases of each subgroup. Of a matched sample: its treated cases with the comparators they
-- are matched to, who share the weight of those treated cases alone. Of a sample without links:
-- the cases of both arms that have the attribute themselves, where an analysis asks for them.
-- Bounds are in whole units: 12 completed months belong to "12 or more".
with
links as (select * from {{ ref('fct_matched_links') }}),
attributes as (select * from {{ ref('int_case_attributes') }}),
subgroups as (select * from {{ ref('study_subgroups') }}),
samples as (select * from {{ ref('fct_matched_cases') }}),

asked as (
    select distinct
        study_id,
        sample,
        subgroup
    from {{ ref('study_analyses') }}
    where sample in ('unmatched', 'allocated_children')
),

described as (
    select
        subgroups.study_id,
        subgroups.subgroup,
        attributes.case_id
    from subgroups
    inner join attributes using (study_id, attribute)
    where
        attributes.whole_value >= coalesce(subgroups.lower_bound, attributes.whole_value)
        and attributes.whole_value < coalesce(subgroups.upper_bound, attributes.whole_value + 1)
),

members as (
    select
        links.study_id,
        links.method,
        treated.subgroup,
        links.treated_case_id,
        links.comparator_case_id,
        links.weight
    from links
    inner join described as treated
        on links.study_id = treated.study_id and links.treated_case_id = treated.case_id
),

cases as (
    select distinct
        study_id,
        method,
        subgroup,
        treated_case_id as case_id,
        cast(1.0 as double) as weight
    from members
    union all
    select
        study_id,
        method,
        subgroup,
        comparator_case_id as case_id,
        cast({{ stable_sum('weight') }} as double) as weight
    from members
    group by all
    union all
    select
        samples.study_id,
        samples.method,
        described.subgroup,
        samples.case_id,
        samples.weight
    from samples
    inner join described using (study_id, case_id)
    inner join asked
        on
            samples.study_id = asked.study_id
            and samples.method = asked.sample
            and described.subgroup = asked.subgroup
)

select * from cases
