-- The cells of the sample flow. What the last step before matching lets through is the size of the
-- unmatched sample, and what matching lets through that of the matched one.
with
flow as (select * from {{ ref('fct_sample_flow') }}),

ordered as (
    select
        *,
        max(case when step != 'matched' then step_order end) over (partition by study_id, arm)
            as last_step
    from flow
),

named as (
    select
        *,
        {{ cell_id(['study_id', "'flow'", 'arm', 'step']) }} as step_id,
        case
            when n_out > 0 and step = 'matched'
                then {{ cell_id(['study_id', "'cem_caliper/all'", 'arm', "'size'"]) }}
            when n_out > 0 and step_order = last_step
                then {{ cell_id(['study_id', "'unmatched/all'", 'arm', "'size'"]) }}
            else {{ cell_id(['study_id', "'flow'", 'arm', 'step', "'out'"]) }}
        end as out_cell
    from ordered
)

select
    study_id,
    step_order,
    step,
    arm,
    n_in,
    n_out,
    n_in - n_out as n_dropped,
    coalesce(
        lag(out_cell) over (partition by study_id, arm order by step_order), step_id || '/in'
    ) as in_cell,
    out_cell,
    step_id || '/dropped' as dropped_cell,
    lag(out_cell) over (partition by study_id, arm order by step_order) is null as is_first
from named
