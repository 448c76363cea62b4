-- The cases of each sample with their weights. Matched: a treated case counts once, a comparator as
-- the sum of its links; by propensity score they may be scaled to add up to their own number
-- (`psm_weight_scale`). Unmatched: every eligible case counts once, as the "before" of every
-- balance table.
with
links as (select * from {{ ref('int_matched_links') }}),
eligible as (select * from {{ ref('int_matchable_cases') }}),
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
        study_id,
        'unmatched' as method,
        la_code,
        case_id,
        arm,
        cast(1.0 as double) as weight
    from eligible
)

select * from samples
