-- For each authority and outcome: what its data can bear, and because of what. Reasons
-- are told without their numbers, which may be counts of children.
with fitness as (select * from {{ ref('fct_fitness_for_outcomes') }})

select
    fitness.la_code,
    fitness.outcome,
    fitness.label,
    fitness.verdict,
    {{ without_numbers('fitness.because') }} as because,
    {{ release_tail() }}
from fitness
cross join {{ ref('int_release_profile') }} as profiles
