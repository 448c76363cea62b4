-- The cells of a trial's flow, of families and of children, with the cell that a step starts from
-- and what left at it. What all arms had before allocation is divided between the arms.
with
flow as (select * from {{ ref('fct_trial_flow') }}),

counted as (
    {% for unit in ['families', 'children'] -%}
    select
        study_id,
        step_order,
        step,
        arm,
        '{{ unit }}' as unit,
        n_{{ unit }} as n
    from flow
    {{ 'union all' if not loop.last }}
    {% endfor -%}
)

select
    *,
    {{ cell_id(['study_id', "'trial'", 'arm', 'step', 'unit']) }} as cell_id,
    lag({{ cell_id(['study_id', "'trial'", 'arm', 'step', 'unit']) }}) over steps as cell_before,
    lag(n) over steps as n_before,
    row_number() over steps as nth_of_arm,
    count(*) over (partition by study_id, arm, unit) as n_steps_of_arm
from counted
window steps as (partition by study_id, arm, unit order by step_order)
