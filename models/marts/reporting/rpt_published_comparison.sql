-- Every figure the reports print, beside what this build computes where that may be shown: figures
-- of no child (dates, parameters, assumptions), rates and estimates of outcomes whose counts may be
-- shown in both arms, and balance likewise. Other topics have release tables of their own.
with
facts as (select * from {{ ref('fct_published_comparison') }}),
sources as (select * from {{ ref('figure_sources') }}),
analyses as (select * from {{ ref('int_release_analyses') }}),
outcomes as (select * from {{ ref('int_release_outcomes') }}),
samples as (select * from {{ ref('int_release_samples') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

judged as (
    select
        facts.*,
        case
            when facts.computed is null and facts.computed_as_text is null then 'z'
            when sources.source in ('study', 'study_length', 'parameter', 'power') then 'shown'
            when sources.source = 'benefit_assumption' then 'shown'
            when profiles.rates_from_rounded then 'c'
            when sources.source in ('estimate', 'significance', 'stars', 'ratio', 'absence')
                then analyses.disclosure
            when sources.source in ('rate', 'unweighted_rate', 'event_count')
                then outcomes.disclosure
            when sources.source = 'balance'
                then coalesce(outcomes.disclosure, samples.disclosure)
        end as released_as
    from facts
    cross join profiles
    left join sources using (figure_id)
    left join analyses
        on facts.study_id = analyses.study_id and sources.subject = analyses.analysis_id
    left join outcomes
        on
            facts.study_id = outcomes.study_id
            and sources.sample = outcomes.sample
            and outcomes.population = 'all'
            and case
                when sources.source = 'balance' then 'covariate_' || sources.subject
                else sources.subject
            end = outcomes.outcome
    left join samples
        on facts.study_id = samples.study_id and sources.sample = samples.sample
)

select
    judged.figure_id,
    judged.study_id,
    judged.measure,
    judged.figure_group,
    judged.outcome,
    judged.term,
    judged.unit,
    judged.published_as_printed,
    judged.published,
    {{ shown(
        ['judged.computed', 'judged.computed_as_text', 'judged.difference'],
        "judged.released_as = 'shown'"
    ) }},
    judged.tolerance,
    {{ shown(['judged.verdict', 'judged.reason'], "judged.released_as in ('shown', 'z')") }},
    {{ release_tail(
        "coalesce(judged.released_as, 'x')",
        "case
        when judged.released_as = 'shown' then null
        when judged.released_as = 'z' then 'This build computes no such figure'
        when judged.released_as is null then 'See the release table of its topic'
        else 'The counts behind it may not be shown'
    end"
    ) }}
from judged
cross join profiles
