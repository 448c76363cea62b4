-- Mean stress of each organisation's staff, by role and scale, where the group is large enough to
-- be shown (`smallest_staff_group`).
with
stress as (select * from {{ ref('int_staff_stress') }}),
suppression as (select * from {{ ref('int_staff_group_suppression') }})

select
    stress.study_id,
    stress.organisation,
    stress.role,
    stress.scale,
    case when not suppression.is_suppressed then stress.n_respondents end as n_respondents,
    case when not suppression.is_suppressed then stress.n_answers end as n_answers,
    case when not suppression.is_suppressed then stress.mean_score end as mean_score,
    suppression.is_suppressed,
    'lower_is_less_stress' as score_direction
from stress
inner join suppression using (study_id, organisation, role)
