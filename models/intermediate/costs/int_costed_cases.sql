-- The treated cases over which a programme's cost is spread (`cost_denominator`), and the days each
-- was in the programme within the window. Where the end isn't recorded it is the case's closure.
with
windows as (select * from {{ ref('int_cost_windows') }}),

treated as (
    select * from {{ ref('fct_study_cases') }}
    where arm = 'treated'
),

matched as (
    select * from {{ ref('fct_matched_cases') }}
    where method = 'cem_caliper' and arm = 'treated'
),

ages as (select * from {{ ref('int_age_bands') }}),

costed as (
    select
        treated.study_id,
        treated.la_code,
        treated.case_id,
        ages.age_band,
        greatest(treated.entry_date, windows.window_start_date) as from_date,
        least(
            coalesce(treated.exit_date, treated.closure_date, windows.window_end_date),
            windows.window_end_date
        ) as until_date
    from treated
    inner join windows using (study_id)
    inner join ages using (study_id, la_code, case_id)
    left join matched using (study_id, la_code, case_id)
    where
        case windows.cost_denominator
            when 'recorded' then true
            when 'matched' then matched.case_id is not null
            else treated.is_eligible
        end
)

select
    study_id,
    la_code,
    case_id,
    age_band,
    greatest({{ days_between('from_date', 'until_date') }}, 0) as days_in_programme
from costed
