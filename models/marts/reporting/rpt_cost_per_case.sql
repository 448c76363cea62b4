-- What a case costs in each arm, as far as that may be released. What was stated of an arm, such as
-- its weekly cost, is no count of children.
with
costs as (select * from {{ ref('fct_cost_per_case') }}),
evidence as (select * from {{ ref('int_release_length_evidence') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

decided as (
    select
        costs.*,
        cases.released as released_cases,
        censored.released as released_censored,
        closed.released as released_closed,
        closed.disclosure = 'shown' and {{
            is_enough('costs.n_recorded_closures', 'evidence.largest_share_closed')
        }} as is_time_to_closure_shown,
        {{ figure_disclosure(
            'costs.status', 'cases', is_enough('costs.n_cases', 'evidence.largest_share_open')
        ) }} as disclosure,
        {{ figure_reason(
            'costs.status', 'costs.status_reason', 'cases',
            is_enough('costs.n_cases', 'evidence.largest_share_open')
        ) }} as disclosure_reason
    from costs
    left join evidence using (study_id, arm)
    {% for count in ['cases', 'censored', 'closed'] -%}
    left join decisions as {{ count }}
        on
            costs.study_id = {{ count }}.scope
            and {{ count }}.cell_id = 'costs/' || costs.arm || '/{{ count }}'
    {% endfor -%}
    cross join profiles
)

select
    decided.study_id,
    decided.arm,
    decided.weekly_cost_gbp,
    decided.cost_basis,
    decided.is_like_for_like,
    decided.released_cases as n_cases,
    decided.released_censored as n_censored,
    case when decided.disclosure = 'shown' then {{ released_mean('decided.mean_weeks_open') }} end
        as mean_weeks_open,
    decided.released_closed as n_recorded_closures,
    case
        when decided.disclosure = 'shown' and decided.is_time_to_closure_shown
            then {{ released_mean('decided.mean_weeks_to_recorded_closure') }}
    end as mean_weeks_to_recorded_closure,
    case when decided.disclosure = 'shown' then {{ released_mean('decided.cost_per_case_gbp', -1) }}
    end as cost_per_case_gbp,
    decided.is_illustrative,
    decided.status,
    decided.status_reason,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join profiles
