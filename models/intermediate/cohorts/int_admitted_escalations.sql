-- The escalations of authorities whose delivery passed every critical expectation: nothing
-- behind the gate reads past it.
with
escalations as (select * from {{ ref('std_escalations') }}),

withheld as (
    select distinct la_code from {{ ref('fct_expectation_results') }}
    where severity = 'critical' and not success
)

select escalations.*
from escalations
left join withheld
    on escalations.la_code = withheld.la_code
where withheld.la_code is null
