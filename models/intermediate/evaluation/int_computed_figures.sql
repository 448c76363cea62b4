-- What the build computes, in the shape in which published figures ask for it: study, source,
-- sample, subject and term.
with
effects as (select * from {{ ref('int_computed_effects') }}),
contexts as (select * from {{ ref('int_computed_contexts') }}),
risks as (select * from {{ ref('int_computed_risks') }}),

figures as (
    select * from effects
    union all
    select * from contexts
    union all
    select * from risks
)

select * from figures
