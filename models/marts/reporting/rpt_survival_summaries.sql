-- Median and mean case length of each arm, where the cases that ended and those that did not may be
-- shown and the curve has all of them.
with
facts as (select * from {{ ref('fct_survival_summaries') }}),
groups as (select * from {{ ref('int_release_groups') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

judged as (
    select
        facts.*,
        groups.n as released_n,
        groups.n_with as released_events,
        coalesce(
            groups.is_shown
            and abs(facts.n - groups.n) < profiles.authority_rounding
            and abs(facts.n_events - groups.n_with) < profiles.authority_rounding,
            false
        ) as is_shown,
        groups.is_shown as is_group_shown,
        groups.disclosure as group_disclosure,
        groups.disclosure_reason as group_reason
    from facts
    cross join profiles
    left join groups
        on
            facts.study_id = groups.study_id
            and facts.sample = groups.sample
            and facts.arm = groups.arm
            and groups.population = 'all'
            and groups.outcome = 'case_length_days'
)

select
    judged.study_id,
    judged.sample,
    judged.clock,
    judged.arm,
    case when judged.is_shown then cast(judged.released_n as bigint) end as n,
    case when judged.is_shown then cast(judged.released_events as bigint) end as n_events,
    {{ shown(['judged.median_days', 'judged.restricted_mean_days'], 'judged.is_shown') }},
    judged.horizon_days,
    judged.status,
    judged.status_reason,
    {{ release_tail(
        "case
        when judged.is_shown then 'shown'
        when judged.n = 0 then 'z'
        when judged.is_group_shown then 'c'
        else coalesce(judged.group_disclosure, 'z')
    end",
        "case
        when judged.is_shown then null
        when judged.n = 0 then 'There is no such case'
        when judged.is_group_shown then 'Rests on other cases than the counts that are shown'
        else coalesce(judged.group_reason, 'The outcome is not among those of this sample')
    end"
    ) }}
from judged
cross join profiles
