-- Project Crewe report, "Decreasing re-referrals": cases closed and referred again within the
-- pilot, 5 and 3, too few to compare. Exact intervals of each rate and of the odds ratio stand
-- beside the counts; what a model would have said is not shown, and why. The report's 6.7 per cent
-- is of 45 comparators, of whom 43 are analysed.
with rates as (
    select * from {{ ref('fct_group_outcomes') }}
    where
        study_id = 'crewe'
        and sample = 'unmatched'
        and outcome = 'rereferred_after_closure'
),

effects as (
    select * from {{ ref('fct_effect_estimates') }}
    where study_id = 'crewe' and term = 'treated'
),

savings as (
    select * from {{ ref('fct_rereferral_savings') }}
    where study_id = 'crewe'
)

select
    rates.arm,
    rates.n_events as n_rereferred,
    rates.n as n_analysed,
    round(100 * rates.value, 1) as percent,
    round(100 * rates.exact_ci_low, 1) as exact_low,
    round(100 * rates.exact_ci_high, 1) as exact_high,
    savings.n_costed as n_as_the_report_counts,
    round(100 * savings.rereferral_rate, 1) as percent_as_the_report_counts,
    round(exact.estimate, 2) as odds_ratio,
    round(exact.ci_low, 2) as odds_ratio_low,
    round(exact.ci_high, 2) as odds_ratio_high,
    round(exact.p_value, 3) as p_value,
    model.status as model_status,
    model.status_reason as model_status_reason
from rates
left join savings
    on rates.arm = savings.arm
left join effects as exact
    on exact.analysis_id = 'rereferral_counts'
left join effects as model
    on model.analysis_id = 'rereferral_model'
order by rates.arm desc
