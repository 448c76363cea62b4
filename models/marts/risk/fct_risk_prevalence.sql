-- How often each risk and protective factor was present at referral, by arm and over both, beside
-- the share of the country's children in need where that is printed (Project Crewe report, table 2,
-- whose base is both arms: ambiguity A29c). Over the cases of the study's sample in which the
-- factor was coded; one that doesn't apply to a child isn't.
with
studies as (select * from {{ ref('studies') }}),
factors as (select * from {{ ref('risk_factors') }}),
national as (select * from {{ ref('national_risk_prevalence') }}),

points as (
    select * from {{ ref('int_risk_points') }}
    where time_point = 'referral' and points is not null
),

sampled as (
    select * from {{ ref('fct_risk_scores') }}
    where is_matched and time_point = 'referral' and component = 'total'
),

of_arms as (
    select
        points.study_id,
        points.factor_id,
        sampled.arm,
        count(*) as n_coded,
        count(case when points.points != 0 then 1 end) as n_present
    from points
    inner join sampled using (study_id, la_code, case_id)
    group by points.study_id, points.factor_id, sampled.arm
),

counted as (
    select * from of_arms
    union all
    select
        study_id,
        factor_id,
        'both' as arm,
        cast(sum(n_coded) as bigint) as n_coded,
        cast(sum(n_present) as bigint) as n_present
    from of_arms
    group by study_id, factor_id
),

expected as (
    {% for arm in ['treated', 'comparator', 'both'] -%}
    select
        studies.study_id,
        factors.factor_id,
        factors.class as component,
        factors.domain,
        factors.label,
        '{{ arm }}' as arm
    from studies
    cross join factors
    where factors.class != 'engagement'
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    expected.study_id,
    expected.factor_id,
    expected.component,
    expected.domain,
    expected.label,
    expected.arm,
    coalesce(counted.n_coded, 0) as n_coded,
    coalesce(counted.n_present, 0) as n_present,
    counted.n_present / cast(counted.n_coded as double) as share,
    national.share as national_share,
    national.year as national_year,
    national.source as national_source,
    case when counted.n_coded is null then 'not_estimable' else 'ok' end as status,
    case
        when counted.n_coded is null
            then 'no_codings: the factor was coded in no case of the sample at referral'
    end as status_reason
from expected
left join counted using (study_id, factor_id, arm)
left join national
    on expected.factor_id = national.factor_id
