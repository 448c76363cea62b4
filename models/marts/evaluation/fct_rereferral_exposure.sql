-- How many days of their re-referral windows the cases of each arm were watched for, and how many
-- re-referrals fell into them: without days at risk, no re-referral is no finding.
with
samples as (select * from {{ ref('fct_matched_cases') }}),
case_outcomes as (select * from {{ ref('fct_case_outcomes') }}),
group_outcomes as (select * from {{ ref('fct_group_outcomes') }}),

windows as (
    select
        study_id,
        la_code,
        case_id,
        sum(at_risk_days) as at_risk_days,
        sum(closed_at_risk_days) as closed_at_risk_days
    from {{ ref('int_rereferral_windows') }}
    group by all
),

cases as (
    select
        samples.study_id,
        samples.method as sample,
        samples.arm,
        samples.weight,
        windows.at_risk_days,
        windows.closed_at_risk_days,
        case when windows.case_id is not null then coalesce(case_outcomes.value, 0) end as n_events
    from samples
    left join windows using (study_id, la_code, case_id)
    left join case_outcomes
        on
            samples.study_id = case_outcomes.study_id
            and samples.la_code = case_outcomes.la_code
            and samples.case_id = case_outcomes.case_id
            and case_outcomes.outcome = 'rereferred_12m'
),

weighted as (
    select
        study_id,
        sample,
        arm,
        count(*) as n,
        count(at_risk_days) as n_with_window,
        count(*) filter (where at_risk_days > 0) as n_at_risk,
        cast(coalesce(sum(at_risk_days), 0) as bigint) as at_risk_days_in_window,
        cast(coalesce(sum(closed_at_risk_days), 0) as bigint) as closed_days_in_window,
        cast(coalesce(sum(n_events), 0) as bigint) as n_events,
        {{ stable_sum('case when at_risk_days is not null then weight end') }} as window_weight,
        {{ stable_sum('weight * at_risk_days') }} as weighted_days,
        {{ stable_sum('weight * n_events') }} as weighted_events
    from cases
    group by all
),

asked as (
    select distinct
        study_id,
        sample,
        arm
    from group_outcomes
    where outcome = 'rereferred_12m'
),

rated as (
    select
        asked.study_id,
        asked.sample,
        asked.arm,
        {% for count in [
            'n', 'n_with_window', 'n_at_risk', 'at_risk_days_in_window', 'closed_days_in_window',
            'n_events'
        ] -%}
        coalesce(weighted.{{ count }}, 0) as {{ count }},
        {% endfor -%}
        weighted.weighted_days / nullif(weighted.window_weight, 0) as mean_at_risk_days,
        1000 * weighted.weighted_events / nullif(weighted.weighted_days, 0) as events_per_1000_days
    from asked
    left join weighted using (study_id, sample, arm)
)

select
    study_id,
    sample,
    arm,
    n,
    n_with_window,
    n_at_risk,
    at_risk_days_in_window,
    closed_days_in_window,
    mean_at_risk_days,
    n_events,
    events_per_1000_days,
    case when events_per_1000_days is null then 'not_estimable' else 'ok' end as status,
    case
        when n = 0 then 'empty_arm: the arm has no case'
        when events_per_1000_days is null
            then 'no_days_at_risk: no case is watched on a day of its window'
    end as status_reason
from rated
