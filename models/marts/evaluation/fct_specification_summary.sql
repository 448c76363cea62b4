-- The specification curve of each outcome in one row: its median and range, and how many of its
-- estimates agree with the main one.
with
curve as (select * from {{ ref('fct_specification_curve') }})

select
    study_id,
    outcome,
    unit,
    count(*) as n_specifications,
    count(*) filter (where status = 'ok') as n_estimated,
    min(main_estimate) as main_estimate,
    median(estimate) as median_estimate,
    min(estimate) as lowest_estimate,
    max(estimate) as highest_estimate,
    count(*) filter (where agrees_in_sign) as n_agreeing_in_sign,
    count(*) filter (where p_value < 0.05) as n_significant,
    count(*) filter (where agrees_in_sign and agrees_in_significance) as n_agreeing
from curve
group by all
