-- What speaks against each analysis, where the outcome's counts may be shown in both arms. Events
-- are the counts as released. Numbers of children are left out: they differ from those of cases by
-- the few that have two. A share that leaves few cases out is hidden.
with
facts as (select * from {{ ref('fct_study_diagnostics') }}),
analyses as (select * from {{ ref('int_release_analyses') }}),
outcomes as (select * from {{ ref('int_release_outcomes') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

judged as (
    select
        facts.*,
        analyses.disclosure as analysis_disclosure,
        analyses.disclosure_reason as analysis_reason,
        case
            when not analyses.is_shown then null
            when facts.diagnostic = 'events_treated' then analyses.n_with_treated
            when facts.diagnostic = 'events_comparator' then analyses.n_with_comparator
            when facts.diagnostic like 'clusters%' then null
            when facts.diagnostic = 'share_observed_in_full' and not observed.is_shown then null
            when
                facts.diagnostic like 'share%'
                and profiles.authority_rounding = 1
                and (
                    facts.value = 1
                    or (1 - facts.value) * analyses.n_treated >= profiles.smallest_count
                )
                then facts.value
            when facts.diagnostic like 'share%' then null
            when profiles.authority_rounding = 1 then facts.value
            else {{ rounded('facts.value', 2) }}
        end as released
    from facts
    inner join analyses using (study_id, analysis_id)
    cross join profiles
    left join outcomes as observed
        on
            facts.study_id = observed.study_id
            and analyses.sample = observed.sample
            and analyses.population = observed.population
            and observed.outcome = 'short_observation'
)

select
    judged.study_id,
    judged.analysis_id,
    judged.diagnostic,
    cast(judged.released as double) as value,
    judged.threshold,
    judged.meaning,
    judged.verdict,
    {{ release_tail(
        "case
        when judged.released is not null then 'shown'
        else coalesce(nullif(judged.analysis_disclosure, 'shown'), 'c')
    end",
        "case
        when judged.released is null
            then coalesce(judged.analysis_reason, 'Gives away a count that may be small')
    end"
    ) }}
from judged
cross join profiles
