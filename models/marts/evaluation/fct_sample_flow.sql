-- How many cases of each arm were recorded, left at each step and why, and were matched where the
-- study matches.
with
cases as (select * from {{ ref('fct_study_cases') }}),

matched as (
    select
        study_id,
        arm,
        count(*) as n_matched
    from {{ ref('fct_matched_cases') }}
    where method = 'cem_caliper'
    group by all
),

steps as (
    select
        studies.study_id,
        steps.step_order,
        steps.step,
        steps.ineligible_reason,
        steps.reason
    from {{ ref('sample_flow_steps') }} as steps
    cross join {{ ref('int_study_settings') }} as studies
    where
        (
            steps.step != 'matched'
            or (studies.comparators_matched and studies.comparator_rule = 'matched')
        )
        and (steps.step != 'open_long_enough' or studies.comparator_rule = 'app3')
),

arms as (
    select
        study_id,
        arm,
        count(*) as n_recorded,
        count(*) filter (where is_eligible) as n_eligible
    from cases
    group by all
),

ineligible as (
    select
        study_id,
        arm,
        ineligible_reason,
        count(*) as n_ineligible
    from cases
    where not is_eligible
    group by all
),

dropped as (
    select
        arms.study_id,
        arms.arm,
        arms.n_recorded,
        steps.step_order,
        steps.step,
        steps.reason,
        case
            when steps.step = 'matched' then arms.n_eligible - coalesce(matched.n_matched, 0)
            else coalesce(ineligible.n_ineligible, 0)
        end as n_dropped
    from arms
    inner join steps
        on arms.study_id = steps.study_id
    left join ineligible
        on
            arms.study_id = ineligible.study_id
            and arms.arm = ineligible.arm
            and steps.ineligible_reason = ineligible.ineligible_reason
    left join matched
        on arms.study_id = matched.study_id and arms.arm = matched.arm
),

counted as (
    select
        *,
        n_recorded - sum(n_dropped) over (
            partition by study_id, arm
            order by step_order
            rows between unbounded preceding and current row
        ) as n_out
    from dropped
)

select
    study_id,
    step_order,
    step,
    arm,
    cast(n_out + n_dropped as bigint) as n_in,
    cast(n_out as bigint) as n_out,
    reason
from counted
