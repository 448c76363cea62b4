-- What the comparison of costs assumes: the report's own assumptions and, flagged, ours where it is
-- silent.
select
    assumption_id,
    assumption_order,
    assumption,
    is_printed,
    source,
    consequence
from {{ ref('cost_assumptions') }}
