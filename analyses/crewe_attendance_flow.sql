-- Project Crewe report, "Attendance": from the children allocated to the pupils whose absences are
-- compared. The report prints 174 pupils, 109 of primary and 65 of secondary school age.
select
    step_order,
    step,
    max(case when arm = 'treated' then n_children end) as crewe,
    max(case when arm = 'comparator' then n_children end) as authority,
    sum(n_children) as children
from {{ ref('fct_attendance_flow') }}
where study_id = 'crewe'
group by
    step_order,
    step
order by step_order
