-- The cases of authorities whose delivery passed every critical expectation: nothing behind the
-- gate reads past it.
with
cin_cases as (select * from {{ ref('std_cin_cases') }}),

withheld as (
    select distinct la_code from {{ ref('fct_expectation_results') }}
    where severity = 'critical' and not success
)

select cin_cases.*
from cin_cases
left join withheld
    on cin_cases.la_code = withheld.la_code
where withheld.la_code is null
