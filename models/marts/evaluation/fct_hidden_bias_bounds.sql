-- How strong an unseen cause of selection would have to be to explain a result away: bounds of the
-- one-sided p-value when two cases alike in everything recorded differ by the factor gamma in their
-- odds of treatment. crossing_gamma is the first at which it exceeds 5 %, ceiling_gamma the most
-- that the test can give with so many pairs.
with bounds as (
    select * from {{ ref('py_hidden_bias_bounds') }}
)

select
    study_id,
    sample,
    outcome,
    method,
    cast(gamma as double) as gamma,
    direction,
    cast(p_upper as double) as p_upper,
    cast(p_lower as double) as p_lower,
    cast(crossing_gamma as double) as crossing_gamma,
    cast(crossing_gamma_01 as double) as crossing_gamma_01,
    cast(ceiling_gamma as double) as ceiling_gamma,
    status,
    cast(status_reason as varchar) as status_reason
from bounds
