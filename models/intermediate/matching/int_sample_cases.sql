-- The cases of each sample with their weights. Matched: a treated case counts once, a comparator
-- as the sum of its links; by propensity score they may be scaled to add up to their own number
-- (`psm_weight_scale`). Unmatched: every eligible case counts once, as the "before" of every
-- balance table and as a trial compares its arms. Allocated children: every child of a trial
-- that takes part, whether or not its family is counted by it and its case's outcome is known.
with
links as (select * from {{ ref('int_matched_links') }}),
arms as (select * from {{ ref('int_study_arms') }}),
eligibility as (select * from {{ ref('int_study_eligibility') }}),
studies as (select * from {{ ref('int_studies') }}),

comparators as (
    select
        study_id,
        method,
        la_code,
        comparator_case_id as case_id,
        {{ stable_sum('weight') }} as weight
    from links
    group by all
),

scales as (
    select
        study_id,
        method,
        count(*) / {{ stable_sum('weight') }} as to_their_number
    from comparators
    group by all
),

samples as (
    select distinct
        study_id,
        method,
        la_code,
        treated_case_id as case_id,
        'treated' as arm,
        cast(1.0 as double) as weight
    from links
    union all
    select
        comparators.study_id,
        comparators.method,
        comparators.la_code,
        comparators.case_id,
        'comparator' as arm,
        cast(
            case
                when studies.psm_weight_scale = 'matchit' and comparators.method like 'psm%'
                    then comparators.weight * scales.to_their_number
                else comparators.weight
            end as double
        ) as weight
    from comparators
    inner join scales using (study_id, method)
    inner join studies using (study_id, la_code)
    union all
    select
        arms.study_id,
        'unmatched' as method,
        arms.la_code,
        arms.case_id,
        arms.arm,
        cast(1.0 as double) as weight
    from arms
    inner join eligibility using (study_id, la_code, case_id)
    where eligibility.is_eligible
    union all
    select
        arms.study_id,
        'allocated_children' as method,
        arms.la_code,
        arms.case_id,
        arms.arm,
        cast(1.0 as double) as weight
    from arms
    inner join eligibility using (study_id, la_code, case_id)
    inner join studies using (study_id, la_code)
    where
        studies.arm_source = 'allocation'
        and (
            eligibility.is_eligible
            or eligibility.ineligible_reason in ('not_index_child', 'outcome_incomplete')
        )
)

select * from samples
