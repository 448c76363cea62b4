-- How stress scores are spread in each organisation (Project Crewe, Figure 12), in bands of
-- `stress_band_width`. Colleagues may guess who is at which end, so each band is a group of its
-- own: those of fewer than `smallest_staff_group` are hidden, and others with them from which they
-- could be worked out. An organisation with fewer respondents in a month is hidden as a whole.
with
organisations as (select * from {{ ref('int_study_organisations') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),
scores as (select * from {{ ref('int_staff_stress_distribution') }}),

bands as (
    select
        scores.study_id,
        scores.organisation,
        scores.survey_month,
        floor(scores.stress_score / parameters.stress_band_width)
        * parameters.stress_band_width as score_from,
        (floor(scores.stress_score / parameters.stress_band_width) + 1)
        * parameters.stress_band_width as score_below,
        cast(sum(scores.n) as bigint) as n,
        max(scores.n_respondents) as n_respondents,
        max(scores.mean_score) as mean_score,
        max(parameters.smallest_staff_group) as smallest_staff_group
    from scores
    inner join parameters using (study_id)
    group by all
),

judged as (
    select
        *,
        n_respondents < smallest_staff_group as is_organisation_small,
        {{ is_small_or_gives_one_away(
            'n', 'score_from', 'study_id, organisation, survey_month', 'smallest_staff_group'
        ) }} as is_suppressed
    from bands
),

-- An organisation that is hidden is one row: its bands would show.
listed as (
    select distinct
        organisations.study_id,
        organisations.organisation,
        judged.survey_month,
        case when not judged.is_organisation_small then judged.score_from end as score_from,
        case when not judged.is_organisation_small then judged.score_below end as score_below,
        case when not judged.is_suppressed then judged.n end as n,
        case
            when judged.study_id is null then 0
            when not judged.is_organisation_small then judged.n_respondents
        end as n_respondents,
        case when not judged.is_organisation_small then judged.mean_score end as mean_score,
        coalesce(judged.is_suppressed, false) as is_suppressed,
        case
            when judged.study_id is null
                then 'no_survey: no member of staff has given a stress score'
            when judged.is_suppressed
                then 'small_group: the group, or one it would give away, is too small to be shown'
        end as status_reason
    from organisations
    left join judged using (study_id, organisation)
)

select
    study_id,
    organisation,
    survey_month,
    score_from,
    score_below,
    n,
    cast(n as double) / n_respondents as share,
    n_respondents,
    mean_score,
    is_suppressed,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from listed
