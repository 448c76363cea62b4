-- Every figure the reports print, beside what this build computes: agrees within the printed
-- precision (or the tolerance of figure_sources), differs, not_reproducible from what is
-- printed, or not_applicable to what the build holds.
with
figures as (select * from {{ ref('published_figures') }}),
sources as (select * from {{ ref('figure_sources') }}),
computed as (select * from {{ ref('int_computed_figures') }}),
studies as (select distinct study_id from {{ ref('int_study_settings') }}),
analyses as (select * from {{ ref('study_analyses') }}),

paired as (
    select
        figures.figure_id,
        figures.study_id,
        figures.measure,
        figures.figure_group,
        figures.value as published_as_printed,
        {{ try_number('figures.value', 'double') }} as published,
        figures.unit,
        sources.source,
        sources.subject,
        case sources.source
            when 'rate' then sources.subject
            when 'estimate' then analyses.outcome
        end as outcome,
        case
            when sources.term = 'comparator_mean' then 'comparator'
            when sources.term = 'treated_mean' then 'treated'
            when sources.source = 'estimate' then 'difference'
            when sources.source != 'power' then sources.term
        end as term,
        computed.value * sources.scale as computed,
        computed.text_value as computed_as_text,
        coalesce(sources.agreeing_words, figures.value) as agreeing_words,
        coalesce(
            sources.tolerance,
            case figures.precision_printed
                when 'integer' then 0.5
                when '1dp' then 0.05
                when '2dp' then 0.005
                else 0
            end
        ) as tolerance,
        sources.fixed_verdict,
        sources.fixed_reason,
        studies.study_id is not null as is_in_build
    from figures
    left join sources
        on figures.figure_id = sources.figure_id
    left join studies using (study_id)
    left join analyses
        on figures.study_id = analyses.study_id and sources.subject = analyses.analysis_id
    left join computed
        on
            figures.study_id = computed.study_id
            and sources.source = computed.source
            and coalesce(sources.sample, '') = computed.sample
            and coalesce(sources.subject, '') = computed.subject
            and coalesce(sources.term, '') = computed.term
),

judged as (
    select
        *,
        computed - published as difference,
        case
            when not is_in_build then 'not_applicable'
            when fixed_verdict is not null then fixed_verdict
            when computed is null and computed_as_text is null then 'not_applicable'
            when computed_as_text = agreeing_words then 'agrees'
            when abs(computed - published) <= tolerance + 1e-9 then 'agrees'
            else 'differs'
        end as verdict
    from paired
)

select
    figure_id,
    study_id,
    measure,
    figure_group,
    outcome,
    term,
    unit,
    published_as_printed,
    published,
    computed,
    computed_as_text,
    difference,
    tolerance,
    verdict,
    case
        when not is_in_build then 'The build holds no study of this name'
        when fixed_verdict is not null then fixed_reason
        when verdict = 'not_applicable' then 'The build computes no such figure for this study'
        when verdict = 'differs'
            then 'What is computed lies outside the tolerance, or says something else'
    end as reason
from judged
