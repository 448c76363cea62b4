-- Whether an analysis may be read at all, by thresholds set before any result: balance, matched
-- share, effective size, events, clusters and observation. Thresholds stand in
-- `diagnostic_thresholds`.
with
analyses as (select * from {{ ref('int_study_analyses') }}),
measured as (select * from {{ ref('int_diagnostics') }}),
thresholds as (select * from {{ ref('diagnostic_thresholds') }})

select
    analyses.study_id,
    analyses.analysis_id,
    measured.diagnostic,
    cast(measured.value as double) as value,
    thresholds.warn_at as threshold,
    thresholds.meaning,
    case
        when thresholds.worse_when = 'above' and measured.value > thresholds.fail_at then 'fail'
        when thresholds.worse_when = 'above' and measured.value > thresholds.warn_at then 'warn'
        when thresholds.worse_when = 'below' and measured.value < thresholds.fail_at then 'fail'
        when thresholds.worse_when = 'below' and measured.value < thresholds.warn_at then 'warn'
        else 'pass'
    end as verdict
from analyses
inner join measured
    on
        analyses.study_id = measured.study_id
        and analyses.sample = measured.sample
        and coalesce(measured.outcome, analyses.outcome) = analyses.outcome
inner join thresholds
    on measured.diagnostic = thresholds.diagnostic
where measured.value is not null
