-- One row per case of a child in need that returns hold, with what they say of the child. What
-- became of a case that is open in the last return that has it, and not in a later one, is unknown,
-- and of one whose episode closed before it began.
with
cases as (
    select * from {{ ref('std_chain_cases') }}
    union all
    select * from {{ ref('std_episode_cases') }}
),

people as (select * from {{ ref('std_people') }}),

families as (
    select * from {{ ref('std_families') }}
    where is_only_family
),

newest as (
    select
        la_code,
        max(extract_as_of_date) as extract_as_of_date
    from {{ ref('std_cin_episodes') }}
    group by la_code
),

referrals as (
    select
        la_code,
        episode_id,
        extract_as_of_date,
        row_number() over (partition by la_code, child_id order by referral_date) as place
    from {{ ref('std_cin_episodes') }}
)

select
    cases.la_code,
    md5(concat_ws('|', cases.la_code, cases.child_id, cases.plan_start_date)) as case_id,
    cases.child_id,
    families.family_id,
    cases.episode_id,
    cases.referral_date,
    cases.plan_start_date,
    cases.closure_date,
    case when cases.closure_date is not null then cases.closure_reason_code end
        as closure_reason_code,
    cases.primary_need_code,
    people.birth_date,
    people.sex_code,
    people.ethnicity_code,
    people.nationality,
    people.has_disability,
    cast(referrals.place - 1 as integer) as n_previous_referrals,
    cast(null as string) as ward,
    cast(null as integer) as n_siblings_under_18,
    cast(null as double) as age_at_plan_start,
    cast(null as boolean) as is_index_child,
    case
        when
            cases.closure_date is null
            and cases.escalated_date is null
            and greatest(cases.extract_as_of_date, referrals.extract_as_of_date)
            < newest.extract_as_of_date
            then false
        when not cases.is_end_consistent then false
    end as is_outcome_known,
    cast(null as string) as unreadable_values,
    cases.made_of,
    cases.extract_as_of_date,
    cases.file_key,
    cases.source_row_number
from cases
left join people using (la_code, child_id)
left join families using (la_code, child_id)
left join referrals using (la_code, episode_id)
left join newest using (la_code)
