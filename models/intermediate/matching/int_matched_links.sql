-- One row per method, treated case and comparator it is matched to. A treated case shares a weight
-- of one among its comparators.
with
by_caliper as (select * from {{ ref('int_caliper_links') }}),
by_score as (select * from {{ ref('py_propensity_links') }}),

links as (
    select
        study_id,
        'cem_caliper' as method,
        la_code,
        treated_case_id,
        comparator_la_code,
        comparator_case_id,
        gap_days,
        weight
    from by_caliper
    union all
    select
        study_id,
        method,
        la_code,
        treated_case_id,
        comparator_la_code,
        comparator_case_id,
        gap_days,
        cast(1.0 as double)
        / count(*) over (partition by study_id, method, la_code, treated_case_id) as weight
    from by_score
)

select * from links
