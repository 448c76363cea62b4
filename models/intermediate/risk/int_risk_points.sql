-- The points of each coded factor of the risk framework (FACT22 report, appendix 7, table 5): a
-- risk takes one and a protective factor gives one, two where it is printed in bold; engagement has
-- the points of its level. The child's own factors count from their age on alone, in completed
-- years at the plan start; a child of unknown age hasn't reached it. Null where nobody coded the
-- factor.
with
codings as (select * from {{ ref('int_admitted_risk_codings') }}),
cases as (select * from {{ ref('fct_study_cases') }}),
ages as (select * from {{ ref('fct_cin_cases') }}),
factors as (select * from {{ ref('risk_factors') }}),
levels as (select * from {{ ref('engagement_levels') }})

select
    cases.study_id,
    cases.la_code,
    cases.case_id,
    codings.time_point,
    codings.factor_id,
    factors.class as component,
    factors.domain,
    codings.coded_date,
    case
        when factors.class = 'engagement' then levels.points
        when not codings.is_present then 0
        when codings.is_present
            then factors.base_points * case when factors.is_bold then 2 else 1 end
    end as points
from codings
inner join cases
    on
        codings.la_code = cases.la_code
        and codings.case_id = cases.case_id
        and codings.child_id = cases.child_id
inner join ages
    on cases.la_code = ages.la_code and cases.case_id = ages.case_id
inner join factors
    on codings.factor_id = factors.factor_id
left join levels
    on codings.engagement_level = levels.level
where
    factors.applies_from_age is null
    or ages.age_completed_years >= factors.applies_from_age
