{%- set figures = [
    'closure_rate', 'closure_rate_used', 'attainment_rate', 'lifetime_earnings_gbp',
    'lifetime_tax_gbp', 'employment_points'
] -%}
-- What closing cases is worth, as far as it may be released: where the analysis that gives the
-- closure rates may be.
with
benefits as (select * from {{ ref('fct_individual_benefits') }}),

analyses as (
    select
        study_id,
        analysis_id as closure_analysis,
        sample,
        coalesce(subgroup, 'all') as population,
        outcome
    from {{ ref('study_analyses') }}
),

outcomes as (select * from {{ ref('int_release_outcomes') }}),

decided as (
    select
        benefits.*,
        case
            when benefits.status != 'ok' then 'x'
            else coalesce(outcomes.disclosure, 'c')
        end as disclosure,
        case
            when benefits.status != 'ok' then {{ without_numbers('benefits.status_reason') }}
            else outcomes.disclosure_reason
        end as disclosure_reason
    from benefits
    left join analyses using (study_id, closure_analysis)
    left join outcomes
        on
            analyses.study_id = outcomes.study_id
            and analyses.sample = outcomes.sample
            and analyses.population = outcomes.population
            and analyses.outcome = outcomes.outcome
)

select
    decided.study_id,
    decided.arm,
    decided.closure_analysis,
    {% for figure in figures -%}
    case when decided.disclosure = 'shown' then {{ released_mean('decided.' ~ figure, 2) }} end
        as {{ figure }},
    {% endfor -%}
    decided.is_illustrative,
    decided.status,
    decided.status_reason,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join {{ ref('int_release_profile') }} as profiles
