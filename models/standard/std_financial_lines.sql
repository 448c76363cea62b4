-- One row per line of a programme's monthly spending: the lines that were loaded, in pounds of
-- the day.
with
records as (select * from {{ ref('std_financial_line_records') }})

select
    la_code,
    programme_id,
    month_start_date,
    cost_category,
    line_id,
    amount_gbp
from records
where fate = 'loaded'
