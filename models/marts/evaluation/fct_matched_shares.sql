-- How much of each arm a matching method kept: of all recorded cases and of the eligible ones. The
-- FACT22 report prints the first alone (section 2, footnote 7).
with
cases as (select * from {{ ref('fct_study_cases') }}),
matched_cases as (select * from {{ ref('fct_matched_cases') }}),
analyses as (select * from {{ ref('study_analyses') }}),

methods as (
    select
        study_id,
        method
    from matched_cases
    where method != 'allocated_children'
    union distinct
    select
        study_id,
        sample as method
    from analyses
    where sample != 'allocated_children'
),

arms as (
    select
        study_id,
        arm,
        count(*) as n_recorded,
        count(*) filter (where is_eligible) as n_eligible
    from cases
    group by all
),

matched as (
    select
        study_id,
        method,
        arm,
        count(*) as n_matched
    from matched_cases
    group by all
)

select
    arms.study_id,
    methods.method,
    arms.arm,
    arms.n_recorded,
    arms.n_eligible,
    coalesce(matched.n_matched, 0) as n_matched,
    coalesce(matched.n_matched, 0) / cast(arms.n_recorded as double) as share_of_recorded,
    coalesce(matched.n_matched, 0) / cast(nullif(arms.n_eligible, 0) as double)
        as share_of_eligible
from arms
inner join methods
    on arms.study_id = methods.study_id and methods.method != 'unmatched'
left join matched
    on
        arms.study_id = matched.study_id
        and methods.method = matched.method
        and arms.arm = matched.arm
