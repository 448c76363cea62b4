-- How stress scores are spread in each organisation, as far as that may be released. A share is
-- that of the counts as released.
with
bands as (
    select
        *,
        'stress/' || organisation || '/' || coalesce(cast(survey_month as string), '') as cell
    from {{ ref('fct_staff_stress_distribution') }}
),

decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

largest as (
    select
        study_id,
        organisation,
        coalesce(cast(survey_month as string), '') as month,
        max(stress_score) / nullif(cast(sum(stress_score * n) as double), 0) as largest_share
    from {{ ref('int_staff_stress_distribution') }}
    group by all
),

decided as (
    select
        bands.*,
        counts.released as released_n,
        wholes.released as released_respondents,
        wholes.disclosure = 'shown' and {{
            is_enough('bands.n_respondents', 'largest.largest_share')
        }} as is_mean_shown,
        case
            when bands.is_suppressed then 'c'
            else {{ figure_disclosure('bands.status', 'counts') }}
        end as disclosure,
        {{ figure_reason('bands.status', 'bands.status_reason', 'counts') }}
            as disclosure_reason
    from bands
    left join decisions as counts
        on
            bands.study_id = counts.scope
            and counts.cell_id = bands.cell || '/' || bands.score_from
            and bands.n is not null
    left join decisions as wholes
        on bands.study_id = wholes.scope and wholes.cell_id = bands.cell || '/all'
    left join largest
        on
            bands.study_id = largest.study_id
            and bands.organisation = largest.organisation
            and coalesce(cast(bands.survey_month as string), '') = largest.month
    cross join profiles
)

select
    decided.study_id,
    decided.organisation,
    decided.survey_month,
    decided.score_from,
    decided.score_below,
    decided.released_n as n,
    decided.released_n / cast(nullif(decided.released_respondents, 0) as double) as share,
    decided.released_respondents as n_respondents,
    case when decided.is_mean_shown then {{ released_mean('decided.mean_score') }} end
        as mean_score,
    decided.disclosure = 'c' as is_suppressed,
    case when decided.disclosure = 'c' then 'not_estimable' else decided.status end as status,
    case when decided.disclosure = 'c' then {{ small_group() }} else decided.status_reason end
        as status_reason,
    {{ release_tail(
        'decided.disclosure',
        "case when decided.disclosure = 'c' then " ~ small_group()
        ~ ' else decided.disclosure_reason end'
    ) }}
from decided
cross join profiles
