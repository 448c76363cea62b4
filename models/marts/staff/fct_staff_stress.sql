-- Mean stress of each organisation's staff, by role and scale, where the group is large enough to
-- be shown (`smallest_staff_group`). An organisation without answers has one row that says so.
with
stress as (select * from {{ ref('int_staff_stress') }}),
suppression as (select * from {{ ref('int_staff_group_suppression') }}),
organisations as (select * from {{ ref('int_study_organisations') }}),

answered as (
    select
        stress.study_id,
        stress.organisation,
        stress.role,
        stress.scale,
        case when not suppression.is_suppressed then stress.n_respondents end as n_respondents,
        case when not suppression.is_suppressed then stress.n_answers end as n_answers,
        case when not suppression.is_suppressed then stress.mean_score end as mean_score,
        suppression.is_suppressed,
        case
            when suppression.is_suppressed
                then 'small_group: the group, or one it would give away, is too small to be shown'
        end as status_reason
    from stress
    inner join suppression using (study_id, organisation, role)
),

unanswered as (
    select
        study_id,
        organisation,
        'all' as role,
        'all' as scale,
        0 as n_respondents,
        0 as n_answers,
        cast(null as double) as mean_score,
        false as is_suppressed,
        'no_survey: no member of staff has answered a survey item by item' as status_reason
    from organisations
    left join stress using (study_id, organisation)
    where stress.study_id is null
),

combined as (
    select * from answered
    union all
    select * from unanswered
)

select
    study_id,
    organisation,
    role,
    scale,
    n_respondents,
    n_answers,
    mean_score,
    is_suppressed,
    'lower_is_less_stress' as score_direction,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from combined
