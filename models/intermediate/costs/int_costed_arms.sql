-- What the comparison of costs and benefits takes from the data, for each arm of a study that has
-- weekly costs or benefits: how long its eligible cases were open by the study's rule of length, as
-- far as it was seen, how long until they were first closed, and how many were referred again or
-- escalated to child protection. Shares are taken over the number of cases that the study's
-- assumptions state, otherwise over the eligible ones.
with
studies as (select * from {{ ref('studies') }}),
assumptions as (select * from {{ ref('int_benefit_assumptions') }}),

eligible as (
    select * from {{ ref('fct_study_cases') }}
    where is_eligible
),

outcomes as (select * from {{ ref('fct_case_outcomes') }}),

costed as (
    select study_id from {{ ref('weekly_costs') }}
    union
    select study_id from assumptions
),

arms as (
    {% for arm in ['treated', 'comparator'] -%}
    select
        studies.study_id,
        '{{ arm }}' as arm,
        assumptions.n_{{ arm }}_costed as n_stated,
        coalesce(assumptions.escalations_from, studies.study_start) as escalations_from,
        coalesce(assumptions.escalations_to, studies.study_end) as escalations_to
    from studies
    inner join costed using (study_id)
    left join assumptions using (study_id)
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

cases as (
    select
        arms.*,
        eligible.case_id,
        lengths.value / 7e0 as weeks_open,
        lengths.is_censored,
        case
            when closures.value = 1
                then {{ days_between('lengths.origin_date', 'closures.event_date') }} / 7e0
        end as weeks_to_closure,
        rereferrals.value as is_rereferred,
        escalations.value as is_escalated,
        case
            when escalations.event_date between arms.escalations_from and arms.escalations_to
                then escalations.value
            else 0 * escalations.value
        end as is_escalated_in_window
    from arms
    left join eligible
        on arms.study_id = eligible.study_id and arms.arm = eligible.arm
    {% for relation, outcome in {
        'lengths': 'case_length_days',
        'closures': 'closed_recorded',
        'rereferrals': 'rereferred_after_closure',
        'escalations': 'escalated_cp'
    }.items() -%}
    left join outcomes as {{ relation }}
        on
            eligible.study_id = {{ relation }}.study_id
            and eligible.la_code = {{ relation }}.la_code
            and eligible.case_id = {{ relation }}.case_id
            and {{ relation }}.outcome = '{{ outcome }}'
    {% endfor -%}
)

select
    study_id,
    arm,
    count(case_id) as n_cases,
    coalesce(cast(max(n_stated) as bigint), count(case_id)) as n_costed,
    count(case when is_censored then weeks_open end) as n_censored,
    {{ stable_sum('weeks_open') }} / nullif(count(weeks_open), 0) as mean_weeks_open,
    count(weeks_to_closure) as n_recorded_closures,
    {{ stable_sum('weeks_to_closure') }} / nullif(count(weeks_to_closure), 0)
        as mean_weeks_to_recorded_closure,
    cast(sum(is_rereferred) as bigint) as n_rereferred,
    cast(sum(is_escalated) as bigint) as n_escalated,
    cast(sum(is_escalated_in_window) as bigint) as n_escalated_in_window
from cases
group by study_id, arm
