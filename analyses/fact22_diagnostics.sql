-- Not in the FACT22 report: what speaks against each primary result, judged by thresholds that were
-- set before any result, worst first. A pass is no proof: none of these known dangers shows.
with
diagnostics as (
    select * from {{ ref('fct_study_diagnostics') }}
    where study_id = 'fact22'
),

main as (
    select
        analysis_id,
        outcome
    from {{ ref('study_analyses') }}
    where study_id = 'fact22' and is_primary
)

select
    main.outcome,
    diagnostics.verdict,
    diagnostics.meaning,
    round(diagnostics.value, 3) as value,
    diagnostics.threshold,
    diagnostics.diagnostic
from diagnostics
inner join main using (analysis_id)
order by
    main.outcome asc,
    case diagnostics.verdict
        when 'fail' then 1
        when 'warn' then 2
        when 'pass' then 4
        else 3
    end,
    diagnostics.diagnostic asc
