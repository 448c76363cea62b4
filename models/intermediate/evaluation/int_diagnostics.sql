-- The figures that diagnostics judge, per analysis: those of its sample, those that depend on its
-- outcome, and its own. Where comparators are sought, analyses of all eligible cases weigh these
-- themselves, so the balance of the unweighted sample says nothing about them. A subgroup is judged
-- by its own cases; the whole sample tells of it how much was matched and observed. An exact test
-- is made for few events, so their number says nothing against it.
with
analyses as (
    select * from {{ ref('int_study_analyses') }}
    where reading = 'main'
),

studies as (select * from {{ ref('int_study_settings') }}),
of_samples as (select * from {{ ref('int_sample_diagnostics') }}),
of_subgroups as (select * from {{ ref('int_subgroup_diagnostics') }}),
of_analyses as (select * from {{ ref('int_analysis_diagnostics') }}),
overlap as (select * from {{ ref('int_overlap') }}),

figures as (
    select
        analyses.study_id,
        analyses.analysis_id,
        of_samples.diagnostic,
        of_samples.value
    from analyses
    inner join studies using (study_id)
    inner join of_samples
        on
            analyses.study_id = of_samples.study_id
            and analyses.sample = of_samples.sample
            and coalesce(of_samples.outcome, analyses.outcome) = analyses.outcome
            and not (
                analyses.sample = 'unmatched'
                and studies.comparators_matched
                and studies.comparator_rule = 'matched'
                and of_samples.diagnostic in (
                    'largest_abs_smd', 'largest_variance_ratio', 'smallest_variance_ratio'
                )
            )
            and (
                analyses.subgroup is null
                or of_samples.diagnostic in ('share_of_treated_matched', 'share_observed_in_full')
            )
    union all
    select
        analyses.study_id,
        analyses.analysis_id,
        of_subgroups.diagnostic,
        of_subgroups.value
    from analyses
    inner join of_subgroups
        on
            analyses.study_id = of_subgroups.study_id
            and analyses.sample = of_subgroups.sample
            and analyses.subgroup = of_subgroups.subgroup
            and coalesce(of_subgroups.outcome, analyses.outcome) = analyses.outcome
    union all
    select
        analyses.study_id,
        analyses.analysis_id,
        'share_of_treated_overlapping' as diagnostic,
        overlap.share_of_treated_overlapping as value
    from analyses
    inner join overlap using (study_id)
    union all
    select
        study_id,
        analysis_id,
        diagnostic,
        value
    from of_analyses
)

select figures.*
from figures
inner join analyses using (study_id, analysis_id)
where
    figures.value is not null
    and not (
        analyses.estimator = 'fisher_exact'
        and figures.diagnostic in ('events_treated', 'events_comparator')
    )
