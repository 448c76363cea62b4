-- What each outcome means, in one sentence, with its source and the parameters that shape it.
select
    outcome,
    label,
    rule,
    source,
    parameters
from {{ ref('outcome_definitions') }}
