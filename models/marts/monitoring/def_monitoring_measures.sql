-- What each measure of the monitoring tables counts, by what it is broken down and where that is
-- printed.
select
    measures.measure,
    breakdowns.breakdown,
    measures.label,
    measures.rule,
    measures.needs,
    breakdowns.denominator,
    measures.source
from {{ ref('monitoring_measures') }} as measures
inner join {{ ref('monitoring_breakdowns') }} as breakdowns using (measure)
