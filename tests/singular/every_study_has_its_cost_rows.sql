-- Costs are joined across studies, categories and components: an empty seed would empty the marts
-- without a word. Every study has a total and a return, be it one that can't be told.
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

returns as (select * from {{ ref('fct_return_on_investment') }})

select studies.study_id
from studies
left join totals using (study_id)
left join counterfactual using (study_id)
left join returns using (study_id)
where
    totals.study_id is null
    or counterfactual.study_id is null
    or returns.study_id is null
