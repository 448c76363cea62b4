-- What the build computes, in the shape in which published figures ask for it: study, source,
-- sample, subject and term.
with
effects as (select * from {{ ref('int_computed_effects') }}),
contexts as (select * from {{ ref('int_computed_contexts') }}),
risks as (select * from {{ ref('int_computed_risks') }}),
risk_shares as (select * from {{ ref('int_computed_risk_shares') }}),
pupils as (select * from {{ ref('int_computed_pupils') }}),
costs as (select * from {{ ref('int_computed_costs') }}),

figures as (
    select * from effects
    union all
    select * from contexts
    union all
    select * from risks
    union all
    select * from risk_shares
    union all
    select * from pupils
    union all
    select * from costs
)

select * from figures
