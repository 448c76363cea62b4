-- The analyses of each study, and those of its specification curve again in every reading that
-- bears on their outcome or their sample and at every data cut, each with its survival clock and a
-- hash of every parameter that shapes it.
with
analyses as (select * from {{ ref('study_analyses') }}),
studies as (select * from {{ ref('int_study_settings') }}),
outcomes as (select * from {{ ref('study_outcomes') }}),
configuration as (select * from {{ ref('int_study_configuration') }}),
bearing as (select * from {{ ref('int_reading_bearings') }}),

read as (
    select
        studies.study_id,
        studies.base_study_id,
        studies.reading,
        analyses.analysis_id
    from analyses
    inner join studies
        on analyses.study_id = studies.base_study_id
    left join bearing
        on
            analyses.study_id = bearing.study_id
            and analyses.analysis_id = bearing.analysis_id
            and studies.reading = bearing.reading
    where
        studies.reading = 'main'
        or bearing.reading is not null
        or (
            studies.data_cut is not null
            and (analyses.in_curve or analyses.estimator in ('cox', 'rmst'))
        )
)

select
    read.study_id,
    read.base_study_id,
    read.reading,
    studies.data_cut,
    analyses.analysis_id,
    analyses.outcome,
    analyses.sample,
    analyses.estimator,
    analyses.covariates,
    analyses.se_type,
    coalesce(analyses.clock, studies.survival_origin) as clock,
    analyses.subgroup,
    analyses.is_primary and read.reading = 'main' as is_primary,
    analyses.in_curve,
    outcomes.unit,
    studies.survival_horizon_days,
    studies.bootstrap_draws,
    studies.fewest_events,
    studies.interaction_main_effect,
    md5(concat_ws(
        '|', studies.definition_hash, configuration.configuration_text, analyses.outcome,
        outcomes.unit, outcomes.kind, analyses.sample, analyses.estimator, analyses.covariates,
        analyses.se_type, coalesce(analyses.clock, studies.survival_origin), analyses.subgroup
    )) as parameter_hash
from read
inner join analyses
    on read.base_study_id = analyses.study_id and read.analysis_id = analyses.analysis_id
inner join studies
    on read.study_id = studies.study_id
inner join outcomes
    on analyses.study_id = outcomes.study_id and analyses.outcome = outcomes.outcome
left join configuration
    on read.base_study_id = configuration.study_id
