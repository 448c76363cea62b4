-- FACT22 report, appendix 10: cost per week of a case with the programme and without it, and the
-- return. The report's unit costs aren't printed: as long as is_illustrative is true the cost
-- without the programme rests on placeholders, and the return is no finding.
with programme as (
    select * from {{ ref('fct_programme_costs') }}
    where study_id = 'fact22' and cost_category = 'total'
),

components as (
    select * from {{ ref('fct_counterfactual_costs') }}
    where study_id = 'fact22' and age_band = 'all'
),

returns as (
    select * from {{ ref('fct_return_on_investment') }}
    where study_id = 'fact22'
),

lines as (
    select
        1 as line_order,
        'With the programme' as line,
        round(cost_per_case_week, 2) as value,
        'GBP per case and week' as unit,
        is_illustrative
    from programme
    union all
    select
        case component when 'total' then 3 else 2 end as line_order,
        'Without it: ' || component as line,
        round(cost_per_case_week, 2) as value,
        'GBP per case and week' as unit,
        is_illustrative
    from components
    union all
    select
        4 as line_order,
        'Return as printed: (with - without) / with' as line,
        round(roi_as_printed, 3) as value,
        'ratio' as unit,
        is_illustrative
    from returns
    union all
    select
        5 as line_order,
        'Saving per pound' as line,
        round(saving_ratio, 3) as value,
        'ratio' as unit,
        is_illustrative
    from returns
)

select
    line,
    value,
    unit,
    is_illustrative
from lines
order by
    line_order,
    line
