-- Why a programme's cost can't be told, a stable code and a sentence; null where it can. A month
-- without a return or without an index would otherwise make the sum too small in silence, and so
-- would an authority without a return whose cases are counted.
with
windows as (select * from {{ ref('int_cost_windows') }}),
months as (select * from {{ ref('int_programme_cost_months') }}),
costed as (select * from {{ ref('int_costed_cases') }}),
categories as (select * from {{ ref('cost_categories') }}),

places as (
    select distinct
        study_id,
        la_code
    from costed
),

returned as (
    select
        months.study_id,
        count(distinct case
            when places.la_code is not null
                then months.la_code || cast(months.month_start_date as string)
        end) as n_months,
        count(distinct case when months.real_gbp is null then months.month_start_date end)
            as n_months_without_index,
        count(distinct case when categories.cost_category is null then months.cost_category end)
            as n_unknown_categories
    from months
    left join categories using (cost_category)
    left join places using (study_id, la_code)
    group by months.study_id
),

cases as (
    select
        study_id,
        count(*) as n_cases,
        count(distinct la_code) as n_authorities,
        sum(days_in_programme) / 7e0 as case_weeks
    from costed
    group by study_id
),

counted as (
    select
        windows.study_id,
        coalesce(cases.n_cases, 0) as n_cases,
        cast(coalesce(cases.case_weeks, 0) as double) as case_weeks,
        returned.n_months,
        returned.n_months_without_index,
        returned.n_unknown_categories,
        cases.n_authorities,
        cases.n_authorities
        * (1 + {{ calendar_months('windows.window_start_date', 'windows.window_end_date') }})
            as n_window_months
    from windows
    left join returned using (study_id)
    left join cases using (study_id)
)

select
    study_id,
    n_cases,
    case_weeks,
    case
        when n_cases = 0 or case_weeks = 0
            then 'no_cases: no treated case was in the programme within the study'
        when n_months is null
            then 'no_returns: no line of a financial return falls within the study'
        when n_months < n_window_months
            then
                'months_missing: ' || (n_window_months - n_months) || ' of ' || n_window_months
                || ' months of the study'
                || case when n_authorities > 1 then ' in its authorities' else '' end
                || ' have no return'
        when n_unknown_categories > 0
            then
                'unknown_category: ' || n_unknown_categories
                || ' categories of the return are not in cost_categories'
        when n_months_without_index > 0
            then
                'index_missing: cpih lacks the base year or ' || n_months_without_index
                || ' months of the return'
    end as status_reason
from counted
