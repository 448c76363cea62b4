-- FACT22 report, appendix 2, "Matching strategy": from every case recorded to the matched sample,
-- with the number each rule leaves out.
with flow as (
    select * from {{ ref('fct_sample_flow') }}
    where study_id = 'fact22'
)

select
    step_order,
    step,
    max(n_out) filter (where arm = 'treated') as fact22_cases,
    max(n_out) filter (where arm = 'comparator') as comparator_cases,
    max(n_in - n_out) filter (where arm = 'treated') as fact22_left_out,
    max(n_in - n_out) filter (where arm = 'comparator') as comparators_left_out,
    max(reason) as reason_left_out
from flow
group by all
order by step_order
