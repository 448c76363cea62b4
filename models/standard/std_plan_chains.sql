-- One row per chain of child in need plans of one child within one episode. A chain ends where the
-- child's need escalates: a plan that turns into a child protection plan is a switch, not two
-- cases, and a plan after that starts a new chain. An escalation that was over when the chain ended
-- (the chain's own end, or its episode's where the last plan has none) is not what ended it.
with
plans as (select * from {{ ref('std_cin_plans') }}),
episodes as (select * from {{ ref('std_cin_episodes') }}),
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
),

ended as (
    select
        chains.*,
        coalesce(chains.end_date, episodes.close_date) as last_day
    from chains
    left join episodes using (la_code, child_id, episode_id)
)

select
    ended.la_code,
    ended.child_id,
    ended.episode_id,
    ended.start_date,
    ended.end_date,
    min(starts.escalation_date) as escalated_date,
    ended.n_plans,
    ended.extract_as_of_date,
    ended.file_key,
    ended.source_row_number
from ended
left join starts
    on
        ended.la_code = starts.la_code
        and ended.child_id = starts.child_id
        and ended.start_date < starts.escalation_date
        and (
            ended.last_day is null
            or (
                {{ days_between('ended.last_day', 'starts.escalation_date') }} <= 1
                and coalesce(ended.last_day < starts.end_date, true)
            )
        )
group by all
