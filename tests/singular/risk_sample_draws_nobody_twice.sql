-- Notes that are coded twice would count twice: neither a treated case nor a comparator may stand
-- in a study's draw more than once.
{{ config(group = 'warehouse') }}
with
drawn as (
    select
        study_id,
        la_code,
        treated_case_id as case_id
    from {{ ref('fct_risk_sample') }}
    where treated_case_id is not null
    union all
    select
        study_id,
        la_code,
        comparator_case_id as case_id
    from {{ ref('fct_risk_sample') }}
    where comparator_case_id is not null
)

select
    study_id,
    la_code,
    case_id,
    count(*) as n_draws
from drawn
group by study_id, la_code, case_id
having count(*) > 1
