-- The worst verdict of an analysis's diagnostics: fail before warn before pass.
with
diagnostics as (select * from {{ ref('fct_study_diagnostics') }})

select
    study_id,
    analysis_id,
    case
        when count(*) filter (where verdict = 'fail') > 0 then 'fail'
        when count(*) filter (where verdict = 'warn') > 0 then 'warn'
        else 'pass'
    end as worst_verdict
from diagnostics
group by all
