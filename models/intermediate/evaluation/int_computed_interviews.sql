-- What the build computes of interviews and case studies, in the shape in which published figures
-- ask for it. A case study is complete with six interviews; frontline staff are the practitioners
-- and social workers (Project Crewe report, appendix 1 and "Project delivery").
{%- set arms = {'programme': 'treated', 'authority': 'comparator', 'all': 'both'} %}
with
arms as (
    {% for organisation, arm in arms.items() -%}
    select '{{ organisation }}' as organisation, '{{ arm }}' as arm
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

interviews as (
    select
        counted.*,
        arms.arm
    from {{ ref('fct_interviews') }} as counted
    inner join arms using (organisation)
    where counted.status = 'ok'
),

frontline as (
    select
        study_id,
        topic,
        arm,
        sum(n_participants) as n_participants
    from interviews
    where participant_type in ('family_practitioner', 'social_worker')
    group by all
),

case_studies as (
    select * from {{ ref('fct_case_studies') }}
    where status = 'ok'
),

outcomes as (
    select distinct
        study_id,
        case_outcome
    from case_studies
),

counted as (
    select
        outcomes.study_id,
        outcomes.case_outcome,
        arms.arm,
        coalesce(case_studies.n_case_studies, 0) as n_case_studies
    from outcomes
    cross join arms
    left join case_studies
        on
            outcomes.study_id = case_studies.study_id
            and outcomes.case_outcome = case_studies.case_outcome
            and arms.organisation = case_studies.organisation
),

sizes as (
    select
        study_id,
        case_number,
        count(*) as n_interviews
    from {{ ref('int_study_interviews') }}
    where case_number is not null
    group by all
),

complete as (
    select
        study_id,
        count(case when n_interviews >= 6 then 1 end) as n_case_studies
    from sizes
    group by study_id
),

figures as (
    {% for counted in ['participants', 'interviews'] -%}
    {{ computed_figure(
        'interviews', counted, 'topic', 'participant_type', 'arm', 'n_' ~ counted
    ) }}
    union all
    {% endfor -%}
    {{ computed_figure(
        'frontline', 'participants', 'topic', "'frontline'", 'arm', 'n_participants'
    ) }}
    union all
    {{ computed_figure(
        'counted', 'case_studies', "''", 'case_outcome', 'arm', 'n_case_studies'
    ) }}
    union all
    {{ computed_figure(
        'complete', 'case_studies', "''", "'complete'", "'both'", 'n_case_studies'
    ) }}
)

select * from figures
