-- Each estimate as it stood at every cut of its study's data, the latest last: what a longer watch
-- changes. Earlier cuts are the present extract as of that day, so what was recorded late is in them.
with
fitted as (select * from {{ ref('py_effect_estimates') }}),

analyses as (
    select * from {{ ref('int_study_analyses') }}
    where reading = 'main' or data_cut is not null
),

studies as (select * from {{ ref('int_studies') }}),

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
        avg(case when outcomes.value is null then 0.0 else 1.0 end) as share_known
    from {{ ref('int_sample_cases') }} as cases
    inner join {{ ref('int_case_outcomes') }} as outcomes using (study_id, la_code, case_id)
    group by all
)

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
    fitted.status_reason
from fitted
inner join analyses using (study_id, analysis_id)
inner join studies using (study_id)
inner join of_cuts
    on
        analyses.base_study_id = of_cuts.base_study_id
        and analyses.analysis_id = of_cuts.analysis_id
left join maturity
    on
        fitted.study_id = maturity.study_id
        and analyses.sample = maturity.sample
        and analyses.outcome = maturity.outcome
