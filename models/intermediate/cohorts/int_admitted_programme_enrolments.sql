-- The programme enrolments of authorities whose delivery passed every critical expectation:
-- nothing behind the gate reads past it.
with
programme_enrolments as (select * from {{ ref('std_programme_enrolments') }}),

withheld as (
    select distinct la_code from {{ ref('fct_expectation_results') }}
    where severity = 'critical' and not success
)

select programme_enrolments.*
from programme_enrolments
left join withheld
    on programme_enrolments.la_code = withheld.la_code
where withheld.la_code is null
