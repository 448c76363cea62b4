-- Costs are joined across studies, categories and components: an empty seed would empty the marts
-- without a word. Every study has a total and a return, be it one that can't be told; one with
-- weekly costs has a cost per case in both arms, and one with benefits all that follows from them.
with
studies as (select * from {{ ref('studies') }}),

totals as (
    select * from {{ ref('fct_programme_costs') }}
    where cost_category = 'total'
),

counterfactual as (
    select * from {{ ref('fct_counterfactual_costs') }}
    where age_band = 'all' and component = 'total'
),

returns as (select * from {{ ref('fct_return_on_investment') }}),

expected as (
    select distinct
        study_id,
        'cost_per_case' as what,
        2 as n_rows
    from {{ ref('weekly_costs') }}
    {% for what, n_rows in [
        ('individual_benefits', 3), ('rereferral_savings', 2), ('escalation_savings', 1)
    ] -%}
    union all
    select distinct
        study_id,
        '{{ what }}' as what,
        {{ n_rows }} as n_rows
    from {{ ref('benefit_assumptions') }}
    {% endfor -%}
),

present as (
    {% for what in [
        'cost_per_case', 'individual_benefits', 'rereferral_savings', 'escalation_savings'
    ] -%}
    select
        study_id,
        '{{ what }}' as what,
        count(*) as n_rows
    from {{ ref('fct_' ~ what) }}
    group by study_id
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    studies.study_id,
    'return_on_investment' as what
from studies
left join totals using (study_id)
left join counterfactual using (study_id)
left join returns using (study_id)
where
    totals.study_id is null
    or counterfactual.study_id is null
    or returns.study_id is null
union all
select
    expected.study_id,
    expected.what
from expected
inner join studies using (study_id)
left join present using (study_id, what)
where coalesce(present.n_rows, 0) < expected.n_rows
