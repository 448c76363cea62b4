-- What the comparisons of costs assume: the reports' own assumptions and, flagged, ours where they
-- are silent.
select
    comparison,
    assumption_id,
    assumption_order,
    assumption,
    is_printed,
    source,
    consequence
from {{ ref('cost_assumptions') }}
