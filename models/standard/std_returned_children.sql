-- One row per child that a return holds: by its own record, or by a case alone where records of the
-- child contradict each other.
with
people as (select * from {{ ref('std_people') }}),

cases as (
    select
        la_code,
        child_id,
        max(family_id) as family_id,
        count(*) as n_cases
    from {{ ref('std_return_cases') }}
    group by all
)

select
    coalesce(people.la_code, cases.la_code) as la_code,
    coalesce(people.child_id, cases.child_id) as child_id,
    cases.family_id,
    cast(date_trunc('month', people.birth_date) as date) as birth_month,
    people.sex_code,
    people.ethnicity_code,
    people.nationality,
    coalesce(cases.n_cases, 0) as n_cases,
    coalesce(people.has_conflicting_birth_dates, false) as has_conflicting_birth_dates
from people
full outer join cases
    on
        people.la_code = cases.la_code
        and people.child_id = cases.child_id
