-- What a case costs: the weekly cost of its arm times the mean time that the arm's cases were open
-- (Project Crewe report, appendix 9, table 6). The arms are only like for like where their weekly
-- costs cover the same things.
with
weekly_costs as (select * from {{ ref('weekly_costs') }}),
arms as (select * from {{ ref('int_costed_arms') }})

select
    arms.study_id,
    arms.arm,
    weekly_costs.weekly_cost_gbp,
    weekly_costs.cost_basis,
    min(weekly_costs.cost_basis) over (partition by arms.study_id)
    = max(weekly_costs.cost_basis) over (partition by arms.study_id) as is_like_for_like,
    arms.n_cases,
    arms.n_censored,
    arms.mean_weeks_open,
    arms.n_recorded_closures,
    arms.mean_weeks_to_recorded_closure,
    weekly_costs.weekly_cost_gbp * arms.mean_weeks_open as cost_per_case_gbp,
    weekly_costs.status != 'published' as is_illustrative,
    case when arms.mean_weeks_open is null then 'not_estimable' else 'ok' end as status,
    case
        when arms.mean_weeks_open is null
            then 'no_lengths: no eligible case of this arm has a known length'
    end as status_reason
from arms
inner join weekly_costs using (study_id, arm)
