-- The cases of each sample with their weights. Matched: a treated case counts once, a
-- comparator as the sum of its links. Unmatched: every eligible case counts once, as the
-- "before" of every balance table.
with
links as (select * from {{ ref('fct_matched_links') }}),
eligible as (select * from {{ ref('int_matchable_cases') }}),

matched as (
    select
        study_id,
        method,
        la_code,
        treated_case_id as case_id,
        'treated' as arm,
        cast(1.0 as double) as weight
    from links
    group by all
    union all
    select
        study_id,
        method,
        la_code,
        comparator_case_id as case_id,
        'comparator' as arm,
        cast({{ stable_sum('weight') }} as double) as weight
    from links
    group by all
),

unmatched as (
    select
        study_id,
        'unmatched' as method,
        la_code,
        case_id,
        arm,
        cast(1.0 as double) as weight
    from eligible
),

samples as (
    select * from matched
    union all
    select * from unmatched
)

select * from samples
