-- The treated cases of each subgroup with the comparators they are matched to, who share the
-- weight of those treated cases alone. Bounds are in whole units: 12 completed months belong to
-- "12 or more".
with
links as (select * from {{ ref('fct_matched_links') }}),
attributes as (select * from {{ ref('int_case_attributes') }}),
subgroups as (select * from {{ ref('study_subgroups') }}),

treated as (
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
    inner join treated
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
)

select * from cases
