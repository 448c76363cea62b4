-- The numbers and choices that a study's comparison of costs and benefits assumes, where each comes
-- from and what is doubtful about it.
with
assumptions as (select * from {{ ref('benefit_assumptions') }}),
weekly_costs as (select * from {{ ref('weekly_costs') }}),
studies as (select study_id from {{ ref('studies') }}),

stated as (
    select * from assumptions
    union all
    select
        study_id,
        'weekly_cost_' || arm as assumption_id,
        cast(weekly_cost_gbp as string) as value,
        'GBP per week' as unit,
        status,
        source,
        'Cost basis: ' || cost_basis as note
    from weekly_costs
)

select
    stated.study_id,
    stated.assumption_id,
    stated.value,
    stated.unit,
    stated.status,
    stated.source,
    stated.note
from stated
inner join studies using (study_id)
