-- What staff say their stress is mainly due to (Project Crewe, "Stress"). Colleagues may know who
-- complains of what, so each reason is a group of its own: those named by fewer than
-- `smallest_staff_group` are hidden, and others with them from which they could be worked out.
with
organisations as (select * from {{ ref('int_study_organisations') }}),
parameters as (select * from {{ ref('int_study_parameters') }}),
factors as (select * from {{ ref('int_staff_stress_factors') }}),

judged as (
    select
        factors.*,
        factors.n_respondents < parameters.smallest_staff_group as is_organisation_small,
        {{ is_small_or_gives_one_away(
            'factors.n', 'factors.main_factor',
            'factors.study_id, factors.organisation, factors.survey_month',
            'parameters.smallest_staff_group'
        ) }} as is_suppressed
    from factors
    inner join parameters using (study_id)
),

listed as (
    select
        organisations.study_id,
        organisations.organisation,
        judged.survey_month,
        judged.main_factor,
        case when not judged.is_suppressed then judged.n end as n,
        case
            when judged.study_id is null then 0
            when not judged.is_organisation_small then judged.n_respondents
        end as n_respondents,
        coalesce(judged.is_suppressed, false) as is_suppressed,
        case
            when judged.study_id is null then 'no_survey: no member of staff has given a reason'
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
    main_factor,
    n,
    cast(n as double) / n_respondents as share,
    n_respondents,
    is_suppressed,
    case when status_reason is null then 'ok' else 'not_estimable' end as status,
    status_reason
from listed
