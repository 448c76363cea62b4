-- From the allocated children to the pupils whose absences a trial compares, as far as that may be
-- released.
with
flow as (select * from {{ ref('fct_attendance_flow') }}),
decisions as (select * from {{ ref('py_release_decisions') }})

select
    flow.study_id,
    flow.step_order,
    flow.step,
    flow.arm,
    decisions.released as n_children,
    {{ release_tail("coalesce(decisions.disclosure, 'c')", 'decisions.disclosure_reason') }}
from flow
left join decisions
    on
        flow.study_id = decisions.scope
        and decisions.cell_id = 'attendance/' || flow.step || '/' || flow.arm
cross join {{ ref('int_release_profile') }} as profiles
