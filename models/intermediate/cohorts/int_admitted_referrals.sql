-- The referrals of authorities whose delivery passed every critical expectation: nothing behind
-- the gate reads past it.
with
referrals as (select * from {{ ref('std_referrals') }}),

withheld as (
    select distinct la_code from {{ ref('fct_expectation_results') }}
    where severity = 'critical' and not success
)

select referrals.*
from referrals
left join withheld
    on referrals.la_code = withheld.la_code
where withheld.la_code is null
