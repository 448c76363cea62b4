-- How the case studies of the interviews stood at the end (Project Crewe, Table 3, appendix 1): by
-- outcome and organisation, each and all. What the latest interview of a case says counts.
with
studies as (select * from {{ ref('studies') }}),
interviews as (
    select * from {{ ref('int_study_interviews') }}
    where case_number is not null
),

ranked as (
    select
        study_id,
        organisation,
        case_outcome,
        count(*) over (partition by study_id, case_number) as n_interviews,
        row_number() over (
            partition by study_id, case_number
            order by
                case when case_outcome = 'not_stated' then 1 else 0 end asc,
                interview_date desc nulls last,
                case_outcome asc nulls last,
                organisation asc nulls last
        ) as interview_rank
    from interviews
),

counted as (
    select
        study_id,
        coalesce(case_outcome, 'all') as case_outcome,
        coalesce(organisation, 'all') as organisation,
        count(*) as n_case_studies,
        cast(sum(n_interviews) as bigint) as n_interviews
    from ranked
    where interview_rank = 1
    group by study_id, cube(case_outcome, organisation)
)

select
    studies.study_id,
    coalesce(counted.case_outcome, 'all') as case_outcome,
    coalesce(counted.organisation, 'all') as organisation,
    coalesce(counted.n_case_studies, 0) as n_case_studies,
    coalesce(counted.n_interviews, 0) as n_interviews,
    case when counted.study_id is null then 'not_estimable' else 'ok' end as status,
    case when counted.study_id is null then 'no_case_studies: no interview is of a case study' end
        as status_reason
from studies
left join counted
    on studies.study_id = counted.study_id
