-- Mean stress of each organisation's staff, as far as it may be released: staff are people too, and
-- a group must be large enough for the profile as well as for the study, and which of them hides it
-- isn't told.
with
stress as (select * from {{ ref('fct_staff_stress') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

decided as (
    select
        stress.*,
        case when not stress.is_suppressed then respondents.released end as released,
        {{ figure_disclosure(
            "case when stress.is_suppressed then 'ok' else stress.status end", 'respondents',
            is_enough('stress.n_respondents')
        ) }} as disclosure,
        {{ figure_reason(
            "case when stress.is_suppressed then 'ok' else stress.status end",
            'stress.status_reason', 'respondents', is_enough('stress.n_respondents')
        ) }} as disclosure_reason
    from stress
    left join decisions as respondents
        on
            stress.study_id = respondents.scope
            and not stress.is_suppressed
            and respondents.cell_id = 'staff/' || stress.organisation || '/' || stress.role
    cross join profiles
)

select
    decided.study_id,
    decided.organisation,
    decided.role,
    decided.scale,
    decided.released as n_respondents,
    case when decided.disclosure = 'shown' then {{ released_mean('decided.mean_score') }} end
        as mean_score,
    decided.disclosure in ('c', 'u') as is_suppressed,
    decided.score_direction,
    case when decided.disclosure in ('c', 'u') then 'not_estimable' else decided.status end
        as status,
    case
        when decided.disclosure in ('c', 'u') then {{ small_group() }}
        else decided.status_reason
    end as status_reason,
    {{ release_tail(
        "case when decided.disclosure = 'u' then 'c' else decided.disclosure end",
        "case when decided.disclosure in ('c', 'u') then " ~ small_group()
        ~ ' else decided.disclosure_reason end'
    ) }}
from decided
cross join profiles
