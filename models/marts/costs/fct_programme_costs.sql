-- What the programme cost, by category and in all: in cash and in the prices of the base year, per
-- treated case and per week of a case in the programme (FACT22 report, tables 2 and 6).
with
windows as (select * from {{ ref('int_cost_windows') }}),
statuses as (select * from {{ ref('int_programme_cost_status') }}),
months as (select * from {{ ref('int_programme_cost_months') }}),

categories as (
    select
        cost_category,
        category_order,
        label
    from {{ ref('cost_categories') }}
    union all
    select
        'total' as cost_category,
        1 + max(category_order) as category_order,
        'Total' as label
    from {{ ref('cost_categories') }}
),

summed as (
    {% for category in ['cost_category', "'total'"] -%}
    select
        study_id,
        {{ category }} as cost_category,
        {{ stable_sum('nominal_in_window_gbp') }} as nominal_gbp,
        {{ stable_sum('real_gbp') }} as real_gbp
    from months
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

illustrative as (
    select
        study_id,
        max(case when is_illustrative then 1 else 0 end) = 1 as is_illustrative
    from months
    group by study_id
),

costs as (
    select
        windows.study_id,
        windows.price_base_year,
        windows.cost_denominator,
        categories.cost_category,
        categories.category_order,
        categories.label,
        statuses.n_cases,
        statuses.case_weeks,
        statuses.status_reason,
        coalesce(illustrative.is_illustrative, false) as is_illustrative,
        case when statuses.status_reason is null then coalesce(summed.nominal_gbp, 0) end
            as nominal_gbp,
        case when statuses.status_reason is null then coalesce(summed.real_gbp, 0) end as real_gbp
    from windows
    inner join statuses using (study_id)
    cross join categories
    left join summed
        on
            windows.study_id = summed.study_id
            and categories.cost_category = summed.cost_category
    left join illustrative
        on windows.study_id = illustrative.study_id
)

select
    study_id,
    cost_category,
    category_order,
    label,
    nominal_gbp,
    real_gbp,
    price_base_year,
    cost_denominator,
    n_cases,
    case_weeks,
    real_gbp / nullif(n_cases, 0) as cost_per_case,
    real_gbp / nullif(case_weeks, 0) as cost_per_case_week,
    real_gbp
    / nullif(max(case when cost_category = 'total' then real_gbp end) over (
        partition by study_id
    ), 0) as share_of_total,
    is_illustrative,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from costs
