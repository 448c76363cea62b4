-- One row per child and authority, by pseudonym, of a case list or of a return. Birth dates stay
-- behind the gate: only the month is public.
select
    la_code,
    child_id,
    family_id,
    birth_month,
    sex_code,
    ethnicity_code,
    nationality,
    n_cases,
    has_conflicting_birth_dates
from {{ ref('int_admitted_children') }}
