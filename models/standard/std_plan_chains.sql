-- One row per chain of child in need plans of one child within one episode. A chain ends where the
-- child's need escalates: a plan that turns into a child protection plan is a switch, not two
-- cases, and a plan after that starts a new chain.
with
plans as (select * from {{ ref('std_cin_plans') }}),
starts as (select * from {{ ref('std_escalation_starts') }}),

counted as (
    select
        plans.la_code,
        plans.child_id,
        plans.episode_id,
        plans.start_date,
        plans.end_date,
        plans.extract_as_of_date,
        plans.file_key,
        plans.source_row_number,
        count(starts.escalation_date) as n_escalations_before
    from plans
    left join starts
        on
            plans.la_code = starts.la_code
            and plans.child_id = starts.child_id
            and plans.start_date >= starts.escalation_date
    group by all
),

numbered as (
    select
        *,
        row_number() over (
            partition by la_code, child_id, episode_id, n_escalations_before order by start_date
        ) as place,
        count(*) over (
            partition by la_code, child_id, episode_id, n_escalations_before
        ) as n_plans
    from counted
),

chains as (
    select
        la_code,
        child_id,
        episode_id,
        min(start_date) as start_date,
        max(end_date) filter (where place = n_plans) as end_date,
        count(*) as n_plans,
        max(extract_as_of_date) as extract_as_of_date,
        max(file_key) filter (where place = 1) as file_key,
        max(source_row_number) filter (where place = 1) as source_row_number
    from numbered
    group by la_code, child_id, episode_id, n_escalations_before
)

select
    chains.la_code,
    chains.child_id,
    chains.episode_id,
    chains.start_date,
    chains.end_date,
    min(starts.escalation_date) as escalated_date,
    chains.n_plans,
    chains.extract_as_of_date,
    chains.file_key,
    chains.source_row_number
from chains
left join starts
    on
        chains.la_code = starts.la_code
        and chains.child_id = starts.child_id
        and chains.start_date < starts.escalation_date
        and (
            chains.end_date is null
            or {{ days_between('chains.end_date', 'starts.escalation_date') }} <= 1
        )
group by all
