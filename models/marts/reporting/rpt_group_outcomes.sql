-- What became of each arm, where the counts behind it may be shown: the group is large enough, and
-- neither who had the outcome nor who hadn't is a small count or gives one away. A profile may ask
-- for rates from the counts as released; exact intervals would give those that are not.
with
facts as (select * from {{ ref('fct_group_outcomes') }}),
groups as (select * from {{ ref('int_release_groups') }}),
outcomes as (select * from {{ ref('int_release_outcomes') }}),
profiles as (select * from {{ ref('int_release_profile') }})

select
    facts.study_id,
    facts.sample,
    facts.outcome,
    facts.arm,
    case when groups.is_shown then cast(groups.n as bigint) end as n,
    {{ shown(
        ['facts.n_weighted', 'facts.ess'],
        'groups.is_shown and outcomes.is_shown and profiles.authority_rounding = 1'
    ) }},
    case
        when not groups.is_shown then null
        when profiles.rates_from_rounded and groups.kind = 'binary' and facts.n_weighted = facts.n
            then groups.n_with / cast(groups.n as double)
        else facts.value
    end as value,
    {{ shown(
        ['facts.ci_low', 'facts.ci_high'],
        'groups.is_shown and profiles.authority_rounding = 1'
    ) }},
    case
        when groups.is_shown and facts.n_events is not null then cast(groups.n_with as bigint)
    end as n_events,
    {{ shown(
        ['facts.exact_ci_low', 'facts.exact_ci_high'],
        'groups.is_shown and profiles.authority_rounding = 1'
    ) }},
    facts.unit,
    facts.status,
    facts.status_reason,
    {{ release_tail(
        "coalesce(groups.disclosure, 'z')",
        "case
            when groups.disclosure is null then 'There is no such case'
            else groups.disclosure_reason
        end"
    ) }}
from facts
cross join profiles
left join groups
    on
        facts.study_id = groups.study_id
        and facts.sample = groups.sample
        and facts.outcome = groups.outcome
        and facts.arm = groups.arm
        and groups.population = 'all'
left join outcomes
    on
        facts.study_id = outcomes.study_id
        and facts.sample = outcomes.sample
        and facts.outcome = outcomes.outcome
        and outcomes.population = 'all'
