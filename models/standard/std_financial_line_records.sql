-- Every record of a financial return and what becomes of it. A line is known by its id within month
-- and category; without ids there is one line for each month and category. A newer return of a
-- month replaces the older one whole, also where a line was dropped. Totals are no lines.
with
lines as (select * from {{ ref('stg_study_files__financial_returns') }}),

judged as (
    select
        *,
        cast(date_trunc('month', month_date) as date) as month_start_date,
        concat_ws(
            '|', programme_id, cast(date_trunc('month', month_date) as date), cost_category, line_id
        ) as record_key,
        case
            when is_totals_row then 'totals_row'
            when unreadable_dates is not null then 'unreadable_date'
            when month_date is null then 'month_missing'
            when programme_id is null then 'programme_missing'
            when cost_category is null then 'cost_category_missing'
            when amount_gbp is null and is_amount_given then 'amount_unreadable'
            when amount_gbp is null then 'amount_missing'
        end as problem_code
    from lines
),

{{ record_fates('judged') }},

dated as (
    select
        *,
        first_value(delivery) over (
            partition by la_code, programme_id, month_start_date
            order by
                case when quarantine_code is null then 0 else 1 end,
                extract_as_of_date desc nulls last,
                delivery desc
        ) as newest_delivery
    from fated
)

select
    la_code,
    programme_id,
    month_start_date,
    cost_category,
    line_id,
    amount_gbp,
    delivery,
    file_name,
    file_key,
    source_row_number,
    unreadable_dates,
    case
        when fate = 'loaded' and delivery != newest_delivery then 'superseded' else fate
    end as fate,
    quarantine_code
from dated
