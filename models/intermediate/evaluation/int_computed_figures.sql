-- What the build computes, in the shape in which published figures ask for it: study, source,
-- sample, subject and term.
with
effects as (select * from {{ ref('int_computed_effects') }}),
contexts as (select * from {{ ref('int_computed_contexts') }}),
risks as (select * from {{ ref('int_computed_risks') }}),
risk_shares as (select * from {{ ref('int_computed_risk_shares') }}),
pupils as (select * from {{ ref('int_computed_pupils') }}),
costs as (select * from {{ ref('int_computed_costs') }}),
trials as (select * from {{ ref('int_computed_trial') }}),
curves as (select * from {{ ref('int_computed_curves') }}),
plans as (select * from {{ ref('int_computed_plans') }}),
staff as (select * from {{ ref('int_computed_staff') }}),
interviews as (select * from {{ ref('int_computed_interviews') }}),

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
    union all
    select * from trials
    union all
    select * from curves
    union all
    select * from plans
    union all
    select * from staff
    union all
    select * from interviews
)

select * from figures
