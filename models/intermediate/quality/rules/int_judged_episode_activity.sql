-- What was done in each judged episode: how many of each kind, the days of conferences, and the
-- last day of anything that may not come after the episode's end (rule 8565; a protection plan's
-- start is not among them).
with
activities as (select * from {{ ref('int_judged_activities') }}),
episodes as (select * from {{ ref('int_judged_episodes') }}),

counted as (
    select
        episode_file_key as file_key,
        episode_row_number as source_row_number,
        count(*) filter (where record_kind = 'assessments') as n_assessments,
        count(*) filter (where record_kind = 'section_47s') as n_section_47s,
        count(*) filter (where record_kind = 'cin_plans') as n_cin_plans,
        count(*) filter (where record_kind = 'cp_plans') as n_cp_plans,
        count(coalesce(icpc_date, transfer_in_date)) as n_conferences,
        max(
            greatest(
                case when record_kind != 'cp_plans' then start_date end,
                end_date,
                icpc_date,
                transfer_in_date
            )
        ) as last_activity_date
    from activities
    where episode_file_key is not null
    group by all
)

select
    episodes.*,
    coalesce(counted.n_assessments, 0) as n_assessments,
    coalesce(counted.n_section_47s, 0) as n_section_47s,
    coalesce(counted.n_cin_plans, 0) as n_cin_plans,
    coalesce(counted.n_cp_plans, 0) as n_cp_plans,
    coalesce(counted.n_conferences, 0) + case when episodes.icpc_date is null then 0 else 1 end
        as n_conferences,
    greatest(counted.last_activity_date, episodes.icpc_date) as last_activity_date
from episodes
left join counted
    on
        episodes.file_key = counted.file_key
        and episodes.source_row_number = counted.source_row_number
