-- One row per child and authority, by pseudonym. Birth dates stay behind the gate: only the
-- month is public.
with
children as (select * from {{ ref('std_children') }}),

cases as (
    select distinct
        la_code,
        child_id
    from {{ ref('int_admitted_cin_cases') }}
)

select
    children.la_code,
    children.child_id,
    children.family_id,
    children.birth_month,
    children.sex_code,
    children.ethnicity_code,
    children.nationality,
    children.n_cases,
    children.has_conflicting_birth_dates
from children
inner join cases
    on children.la_code = cases.la_code and children.child_id = cases.child_id
