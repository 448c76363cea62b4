-- FACT22 report, appendix 4: the primary results with their p-values adjusted for looking at
-- several. The report's is Benjamini-Hochberg (bh), the share of false finds among all; Holm guards
-- against a single one; Benjamini-Yekutieli (by) holds however the outcomes hang together.
with
main as (
    select * from {{ ref('fct_effect_estimates') }}
    where study_id = 'fact22' and is_primary and term = 'treated'
)

select
    rank() over (order by p_value) as place,
    outcome,
    p_value,
    p_adjusted as p_bh,
    p_holm,
    p_by,
    coalesce(p_adjusted < 0.05, false) as is_found_at_5_percent_bh,
    coalesce(p_adjusted < 0.01, false) as is_found_at_1_percent_bh,
    coalesce(p_holm < 0.01, false) as is_found_at_1_percent_holm,
    coalesce(p_by < 0.01, false) as is_found_at_1_percent_by,
    stars,
    status,
    status_reason
from main
order by place, outcome
