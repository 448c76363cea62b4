-- How stress scores are spread in each organisation (Project Crewe, Figure 12), where as many
-- answered as `smallest_staff_group` asks for. A score by itself names nobody, so the group that is
-- shown or hidden is the organisation in a month. One without answers has a row that says so.
with
organisations as (select * from {{ ref('int_study_organisations') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),

distribution as (
    select
        scores.*,
        scores.n_respondents < parameters.smallest_staff_group as is_suppressed
    from {{ ref('int_staff_stress_distribution') }} as scores
    inner join parameters using (study_id)
),

-- What is hidden is one row each: its scores would show.
listed as (
    select distinct
        organisations.study_id,
        organisations.organisation,
        distribution.survey_month,
        coalesce(distribution.is_suppressed, false) as is_suppressed,
        case when not distribution.is_suppressed then distribution.stress_score end as stress_score,
        case when not distribution.is_suppressed then distribution.n end as n,
        case
            when distribution.study_id is null then 0
            when not distribution.is_suppressed then distribution.n_respondents
        end as n_respondents,
        case when not distribution.is_suppressed then distribution.mean_score end as mean_score,
        case
            when distribution.study_id is null
                then 'no_survey: no member of staff has given a stress score'
            when distribution.is_suppressed
                then 'small_group: the group is too small to be shown'
        end as status_reason
    from organisations
    left join distribution using (study_id, organisation)
)

select
    study_id,
    organisation,
    survey_month,
    stress_score,
    n,
    cast(n as double) / n_respondents as share,
    n_respondents,
    mean_score,
    is_suppressed,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from listed
