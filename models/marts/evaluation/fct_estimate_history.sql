-- Each estimate as it stood at every cut of its study's data, the latest last: what a longer watch
-- changes. Earlier cuts are the present extract as of that day, what was recorded late included.
-- What can still happen until the study ends can't be estimated before that: a case that hasn't
-- closed yet isn't one that didn't close. Times to an event can, for they are censored.
with
fitted as (select * from {{ ref('py_effect_estimates') }}),

analyses as (
    select * from {{ ref('int_study_analyses') }}
    where reading = 'main' or data_cut is not null
),

studies as (
    select
        study_id,
        study_end,
        max(observed_until) as observed_until,
        max(followed_until) as followed_until
    from {{ ref('int_studies') }}
    group by all
),

definitions as (select * from {{ ref('outcome_definitions') }}),

of_cuts as (
    select distinct
        base_study_id,
        analysis_id
    from analyses
    where data_cut is not null
),

maturity as (
    select
        cases.study_id,
        cases.method as sample,
        outcomes.outcome,
        avg(case when outcomes.value is null or outcomes.is_censored then 0e0 else 1e0 end)
            as share_known
    from {{ ref('int_sample_cases') }} as cases
    inner join {{ ref('int_case_outcomes') }} as outcomes using (study_id, la_code, case_id)
    group by all
),

described as (
    select
        analyses.base_study_id as study_id,
        coalesce(analyses.data_cut, studies.followed_until) as data_cut,
        analyses.data_cut is null as is_latest,
        analyses.analysis_id,
        analyses.outcome,
        analyses.sample,
        fitted.term,
        fitted.estimate,
        fitted.unit,
        fitted.std_error,
        fitted.ci_low,
        fitted.ci_high,
        fitted.p_value,
        fitted.n_treated,
        fitted.n_comparator,
        studies.observed_until,
        studies.followed_until,
        maturity.share_known,
        fitted.status,
        fitted.status_reason,
        definitions.is_open_until_study_end and studies.observed_until < studies.study_end
            as is_too_early
    from fitted
    inner join analyses using (study_id, analysis_id)
    inner join studies using (study_id)
    inner join of_cuts
        on
            analyses.base_study_id = of_cuts.base_study_id
            and analyses.analysis_id = of_cuts.analysis_id
    inner join definitions
        on analyses.outcome = definitions.outcome
    left join maturity
        on
            fitted.study_id = maturity.study_id
            and analyses.sample = maturity.sample
            and analyses.outcome = maturity.outcome
)

select
    study_id,
    data_cut,
    is_latest,
    analysis_id,
    outcome,
    sample,
    term,
    {% for figure in ['estimate', 'std_error', 'ci_low', 'ci_high', 'p_value'] -%}
    case when not is_too_early then {{ figure }} end as {{ figure }},
    {% endfor -%}
    unit,
    n_treated,
    n_comparator,
    observed_until,
    followed_until,
    case when is_too_early then 0.0 else share_known end as share_known,
    case when is_too_early then 'not_estimable' else status end as status,
    case
        when is_too_early
            then 'window_open: the study had not ended, and what had not happened yet still could'
        else status_reason
    end as status_reason
from described
