-- Whether an analysis may be read at all, by thresholds set before any result: balance, overlap,
-- matched share, effective size, events, clusters, observation, proportional hazards, what it could
-- find at all, and negative controls. Thresholds stand in `diagnostic_thresholds`; a diagnostic
-- that has none for a study's design isn't judged there. Links that are too many to be kept are no
-- figure but are told of.
with
measured as (select * from {{ ref('int_diagnostics') }}),
studies as (select * from {{ ref('studies') }}),
thresholds as (select * from {{ ref('diagnostic_thresholds') }}),
counted as (select distinct study_id from {{ ref('py_caliper_weights') }}),

unlinked as (
    select
        analyses.study_id,
        analyses.analysis_id
    from {{ ref('study_analyses') }} as analyses
    inner join counted using (study_id)
    where analyses.sample = 'cem_caliper'
),

judged as (
    select
        measured.study_id,
        measured.analysis_id,
        measured.diagnostic,
        cast(measured.value as double) as value,
        thresholds.warn_at,
        thresholds.fail_at,
        thresholds.meaning,
        case
            when thresholds.worse_when = 'above' and measured.value > thresholds.fail_at then 'fail'
            when thresholds.worse_when = 'above' and measured.value > thresholds.warn_at then 'warn'
            when thresholds.worse_when = 'below' and measured.value < thresholds.fail_at then 'fail'
            when thresholds.worse_when = 'below' and measured.value < thresholds.warn_at then 'warn'
            else 'pass'
        end as verdict
    from measured
    inner join studies using (study_id)
    inner join thresholds
        on
            measured.diagnostic = thresholds.diagnostic
            and coalesce(thresholds.design, studies.design) = studies.design
)

select
    study_id,
    analysis_id,
    diagnostic,
    value,
    case when verdict = 'fail' then fail_at else warn_at end as threshold,
    meaning,
    verdict
from judged
union all
select
    study_id,
    analysis_id,
    'links_kept' as diagnostic,
    0.0 as value,
    1.0 as threshold,
    'Whether links are kept; there are more than links_kept_up_to, and weights come from counts'
        as meaning,
    'warn' as verdict
from unlinked
