{%- set measures = [
    'closure_rate', 'closure_rate_used', 'attainment_rate', 'lifetime_earnings_gbp',
    'lifetime_tax_gbp', 'employment_points'
] -%}
-- What closing cases is worth to the children, as the report values it, in each arm and as the
-- difference between them (Project Crewe report, appendix 9, table 7).
with
arms as (select * from {{ ref('int_arm_benefits') }}),

compared as (
    select * from arms
    union all
    select
        study_id,
        'difference' as arm,
        closure_analysis,
        {% for measure in measures -%}
        max(case when arm = 'treated' then {{ measure }} end)
        - max(case when arm = 'comparator' then {{ measure }} end) as {{ measure }},
        {% endfor -%}
        is_illustrative
    from arms
    group by study_id, closure_analysis, is_illustrative
),

judged as (
    select
        *,
        case
            when closure_rate is null
                then
                    'no_closure_rate: the analysis that benefit_assumptions names estimates no such'
                    || ' rate'
            when lifetime_tax_gbp is null or employment_points is null
                then 'assumption_missing: benefit_assumptions lacks a number of the formula'
        end as status_reason
    from compared
)

select
    study_id,
    arm,
    closure_analysis,
    {{ measures | join(',\n    ') }},
    is_illustrative,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from judged
