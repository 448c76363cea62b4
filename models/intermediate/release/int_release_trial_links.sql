-- Where a trial's flow counts what the sample flow counts, or families what children: equal counts
-- of one thing. Before allocation all arms are one, and their last count is the sum of the arms'.
with
trial as (select * from {{ ref('int_release_trial_flow') }}),
flow as (select * from {{ ref('int_release_flow') }}),
groups as (select * from {{ ref('int_release_group_cells') }}),

same as (
    select
        trial.study_id,
        trial.cell_id,
        flow.out_cell as other_cell
    from trial
    inner join flow
        on
            trial.study_id = flow.study_id
            and trial.arm = flow.arm
            and trial.n = flow.n_out
            and (
                (trial.step = 'allocated' and flow.step = 'recorded')
                or (trial.step = 'counted_by_unit' and flow.step = 'counted_by_unit')
                or (trial.step = 'analysed' and flow.step = 'outcome_known')
            )
    where trial.unit = 'children'
    union all
    select
        children.study_id,
        children.cell_id,
        families.cell_id as other_cell
    from trial as children
    inner join trial as families using (study_id, arm, step, n)
    where
        children.unit = 'children'
        and families.unit = 'families'
        and children.step in ('counted_by_unit', 'analysed')
    union all
    select distinct
        flow.study_id,
        flow.out_cell as cell_id,
        groups.size_cell as other_cell
    from flow
    inner join groups
        on
            flow.study_id = groups.study_id
            and flow.arm = groups.arm
            and flow.n_out = groups.n
            and groups.sample = 'allocated_children'
            and groups.population = 'all'
    where flow.step = 'willing'
),

relations as (
    select
        study_id,
        cell_id || '/same/' || other_cell as relation_id,
        cell_id,
        1 as coefficient
    from same
    union all
    select
        study_id,
        cell_id || '/same/' || other_cell as relation_id,
        other_cell as cell_id,
        -1 as coefficient
    from same
    union all
    select
        study_id,
        study_id || '/trial/' || unit || '/allocation' as relation_id,
        cell_id,
        case when arm = 'all' then -1 else 1 end as coefficient
    from trial
    where
        (arm = 'all' and nth_of_arm = n_steps_of_arm)
        or (arm != 'all' and nth_of_arm = 1)
)

select * from relations
