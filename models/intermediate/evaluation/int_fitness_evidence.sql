-- What is known of each analysis in its authority's data that may stand against it.
with deliveries as (
    select
        la_code,
        max(extract_as_of_date) as extract_as_of_date,
        min(extract_window_start) as extract_window_start
    from {{ ref('stg_landing__load_log') }}
    where status = 'landed' and holds in ('cases', 'episodes', 'cin_spells', 'cin_plans')
    group by la_code
),

failures as (
    select
        la_code,
        {{ ordered_list(
            "distinct suite || ': ' || expectation", "suite || ': ' || expectation", ', '
        ) }} as failed_rules
    from {{ ref('fct_expectation_results') }}
    where severity = 'critical' and not success
    group by la_code
),

families as (
    select
        la_code,
        count(family_id) as n_family_ids
    from {{ ref('std_cin_cases') }}
    group by la_code
),

matched as (
    select
        study_id,
        n_out as n_matched
    from {{ ref('fct_sample_flow') }}
    where step = 'matched' and arm = 'treated'
),

estimates as (
    select
        study_id,
        analysis_id,
        max(status_reason) as status_reason
    from {{ ref('fct_effect_estimates') }}
    where status = 'not_estimable'
    group by all
)

select
    studies.la_code,
    analyses.study_id,
    analyses.analysis_id,
    studies.study_end,
    studies.earliest_case_start,
    deliveries.la_code is not null as has_delivery,
    deliveries.extract_as_of_date,
    deliveries.extract_window_start,
    failures.failed_rules,
    families.n_family_ids,
    matched.n_matched,
    estimates.status_reason
from {{ ref('study_analyses') }} as analyses
inner join {{ ref('int_study_authorities') }} as studies using (study_id)
left join deliveries
    on studies.la_code = deliveries.la_code
left join failures
    on studies.la_code = failures.la_code
left join families
    on studies.la_code = families.la_code
left join matched using (study_id)
left join estimates
    on analyses.study_id = estimates.study_id and analyses.analysis_id = estimates.analysis_id
