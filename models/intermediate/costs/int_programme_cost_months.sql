-- Each month's spending of an authority by category: the part that falls within the window, by
-- days, and that part in the prices of the base year: nominal x index of the year / index of the
-- month (FACT22 report, appendix 10, "Costs data").
with
windows as (select * from {{ ref('int_cost_windows') }}),
lines as (select * from {{ ref('int_admitted_financial_lines') }}),
price_index as (select * from {{ ref('cpih') }}),

authorities as (
    select
        study_id,
        la_code
    from {{ ref('int_study_authorities') }}
),

months as (
    select
        windows.study_id,
        lines.la_code,
        lines.month_start_date,
        lines.cost_category,
        windows.price_base_year,
        {{ days_between('lines.month_start_date', add_months('lines.month_start_date', 1)) }}
            as days_in_month,
        {{ days_between('lines.month_start_date', 'windows.window_start_date') }}
            as days_before_window,
        {{ days_between('lines.month_start_date', 'windows.window_end_date') }} + 1
            as days_to_window_end,
        {{ stable_sum('lines.amount_gbp') }} as nominal_gbp
    from windows
    inner join authorities using (study_id)
    inner join lines using (la_code, programme_id)
    group by all
),

windowed as (
    select
        *,
        least(days_in_month, days_to_window_end) - greatest(days_before_window, 0)
            as days_in_window
    from months
    where days_before_window < days_in_month and days_to_window_end > 0
),

shared as (
    select
        *,
        nominal_gbp * days_in_window / days_in_month as nominal_in_window_gbp
    from windowed
)

select
    shared.study_id,
    shared.la_code,
    shared.month_start_date,
    shared.cost_category,
    shared.nominal_gbp,
    shared.days_in_month,
    shared.days_in_window,
    shared.nominal_in_window_gbp,
    of_month.index_value as month_index,
    of_base.index_value as base_index,
    shared.nominal_in_window_gbp * of_base.index_value / of_month.index_value as real_gbp,
    of_month.is_illustrative or of_base.is_illustrative as is_illustrative
from shared
left join price_index as of_month
    on
        shared.month_start_date = of_month.period_start_date
        and of_month.frequency = 'month'
left join price_index as of_base
    on
        shared.price_base_year = extract(year from of_base.period_start_date)
        and of_base.frequency = 'year'
