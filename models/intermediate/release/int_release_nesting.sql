-- Outcomes of which one tells of another, by `outcome_nesting`, in the groups in which the data
-- bear it out: how many of the wider one lie outside the narrower, and how many the narrower shares
-- with the outcome that makes up the remainder. A reader can subtract; so these are counts as well.
with
nesting as (select * from {{ ref('outcome_nesting') }}),
members as (select * from {{ ref('int_release_members') }}),
counts as (select * from {{ ref('int_release_counts') }}),
attributes as (select * from {{ ref('int_release_attributes') }}),

paired as (
    select
        inner_counts.study_id,
        inner_counts.sample,
        inner_counts.population,
        inner_counts.arm,
        nesting.outcome,
        nesting.within_outcome,
        nesting.relation,
        remainders.attribute as remainder
    from nesting
    inner join counts as inner_counts
        on nesting.outcome = inner_counts.attribute
    inner join counts as outer_counts
        on
            nesting.within_outcome = outer_counts.attribute
            and inner_counts.study_id = outer_counts.study_id
            and inner_counts.sample = outer_counts.sample
            and inner_counts.population = outer_counts.population
            and inner_counts.arm = outer_counts.arm
    left join counts as remainders
        on
            nesting.remainder = remainders.attribute
            and inner_counts.study_id = remainders.study_id
            and inner_counts.sample = remainders.sample
            and inner_counts.population = remainders.population
            and inner_counts.arm = remainders.arm
),

cases as (
    select
        paired.*,
        inner_one.value is not null as is_asked,
        coalesce(inner_one.has_it, false) as has_inner,
        coalesce(outer_one.has_it, false) as has_outer,
        coalesce(remainder.has_it, false) as has_remainder
    from paired
    inner join members using (study_id, sample, population, arm)
    left join attributes as inner_one
        on
            members.study_id = inner_one.study_id
            and members.case_id = inner_one.case_id
            and paired.outcome = inner_one.attribute
    left join attributes as outer_one
        on
            members.study_id = outer_one.study_id
            and members.case_id = outer_one.case_id
            and paired.within_outcome = outer_one.attribute
    left join attributes as remainder
        on
            members.study_id = remainder.study_id
            and members.case_id = remainder.case_id
            and paired.remainder = remainder.attribute
)

select
    study_id,
    sample,
    population,
    arm,
    outcome,
    within_outcome,
    relation,
    remainder,
    count(*) filter (where has_outer and not has_inner) as n_outside,
    count(*) filter (where has_inner and has_remainder) as n_shared,
    count(*) filter (
        where remainder is null or (has_inner or has_remainder) != has_outer
    ) = 0 as is_made_up_by_both
from cases
group by all
having
    count(*) filter (
        where case relation when 'within' then has_inner > has_outer else is_asked != has_outer end
    ) = 0
