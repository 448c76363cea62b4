-- A coded case's risk, protective and engagement scores and their total at referral and at the
-- latest information (FACT22 report, appendix 7): higher is safer. A factor that nobody coded
-- counts nothing; where no factor of a component is coded at a time point there is no score, and
-- without all three there is no total.
with
component_scores as (select * from {{ ref('int_risk_component_scores') }}),
study_cases as (select * from {{ ref('fct_study_cases') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),
samples as (select * from {{ ref('fct_matched_cases') }}),

sampled as (
    select samples.*
    from samples
    inner join parameters
        on samples.study_id = parameters.study_id and samples.method = parameters.risk_sample
),

coded_cases as (
    select distinct
        component_scores.la_code,
        component_scores.study_id,
        component_scores.case_id,
        study_cases.arm,
        sampled.case_id is not null as is_matched
    from component_scores
    inner join study_cases using (study_id, la_code, case_id)
    left join sampled using (study_id, la_code, case_id)
),

expected as (
    {% for time_point in ['referral', 'latest'] -%}
    {% for component in ['risk', 'protective', 'engagement'] -%}
    select
        *,
        '{{ time_point }}' as time_point,
        '{{ component }}' as component
    from coded_cases
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

parts as (
    select
        expected.la_code,
        expected.study_id,
        expected.case_id,
        expected.arm,
        expected.is_matched,
        expected.time_point,
        expected.component,
        component_scores.score,
        coalesce(component_scores.n_factors_coded, 0) as n_factors_coded,
        component_scores.coded_date
    from expected
    left join component_scores using (study_id, la_code, case_id, time_point, component)
),

scores as (
    select * from parts
    union all
    select
        la_code,
        study_id,
        case_id,
        arm,
        is_matched,
        time_point,
        'total' as component,
        case when count(score) = count(*) then sum(score) end as score,
        cast(sum(n_factors_coded) as bigint) as n_factors_coded,
        max(coded_date) as coded_date
    from parts
    group by la_code, study_id, case_id, arm, is_matched, time_point
)

select
    *,
    case when score is null then 'not_estimable' else 'ok' end as status,
    case
        when score is not null then null
        when component = 'total' and n_factors_coded > 0
            then 'component_not_coded: a total needs a risk, a protective and an engagement score'
        else 'not_coded: no factor that counts here was coded at this time point'
    end as status_reason
from scores
