-- For each authority and analysis: can it run, with caution, or not, and because of what. Reasons
-- are told without their numbers, which may be counts of children.
with fitness as (select * from {{ ref('fct_fitness_for_analysis') }})

select
    fitness.la_code,
    fitness.study_id,
    fitness.analysis_id,
    fitness.verdict,
    {{ without_numbers('fitness.because') }} as because,
    {{ release_tail() }}
from fitness
cross join {{ ref('int_release_profile') }} as profiles
