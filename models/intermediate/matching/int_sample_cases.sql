-- The cases of each sample with their weights. Matched: a treated case counts once, a comparator
-- as the sum of its links, or of what counts say they would be where there are too many
-- (`links_kept_up_to`); by propensity score they may be scaled to add up to their own number
-- (`psm_weight_scale`). Unmatched: every eligible case counts once, as the "before" of every
-- balance table and as a trial compares its arms. Allocated children: every child of a trial
-- that takes part, whether or not its family is counted by it and its case's outcome is known.
with
links as (select * from {{ ref('int_matched_links') }}),
counted as (select * from {{ ref('py_caliper_weights') }}),
cases as (select * from {{ ref('int_study_arms') }}),
studies as (select * from {{ ref('int_studies') }}),

comparators as (
    select
        study_id,
        method,
        comparator_la_code as la_code,
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
        study_id,
        'cem_caliper' as method,
        la_code,
        case_id,
        arm,
        weight
    from counted
    union all
    select
        cases.study_id,
        'unmatched' as method,
        cases.la_code,
        cases.case_id,
        cases.arm,
        cast(1.0 as double) as weight
    from cases
    where cases.is_eligible
    union all
    select
        cases.study_id,
        'allocated_children' as method,
        cases.la_code,
        cases.case_id,
        cases.arm,
        cast(1.0 as double) as weight
    from cases
    inner join studies using (study_id, la_code)
    where
        studies.arm_source = 'allocation'
        and (cases.is_eligible or {{ is_allocated_child('cases.ineligible_reason') }})
)

select * from samples
