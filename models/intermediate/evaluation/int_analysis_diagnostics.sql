-- What an analysis itself says about whether it may be read: the effective number of comparators
-- under its weights, the smallest effect that it would find in four of five studies of its
-- precision (2.8 standard errors: Bloom 1995, Evaluation Review 19, 547-556), the test of
-- proportional hazards behind a Cox model, and how sure one can be that the same sample shows an
-- effect where there can be none: outcomes of the role negative_control, which with fewer than five
-- events in an arm would pass for want of power, and which say nothing of a subgroup.
with
analyses as (
    select * from {{ ref('int_study_analyses') }}
    where reading = 'main'
),

effects as (
    select * from {{ ref('py_effect_estimates') }}
    where term = 'treated' and status = 'ok'
),

outcomes as (select * from {{ ref('study_outcomes') }}),
hazards as (select * from {{ ref('fct_proportional_hazards') }}),

effective as (
    select
        analyses.study_id,
        analyses.analysis_id,
        'ess_comparator' as diagnostic,
        effects.ess_comparator as value
    from analyses
    inner join effects using (study_id, analysis_id)
),

detectable as (
    select
        analyses.study_id,
        analyses.analysis_id,
        'minimum_detectable_' || effects.unit as diagnostic,
        2.801585 * effects.std_error as value
    from analyses
    inner join effects using (study_id, analysis_id)
    where effects.unit in ('proportion', 'weeks')
),

proportional_hazards as (
    select
        analyses.study_id,
        analyses.analysis_id,
        'proportional_hazards_p' as diagnostic,
        hazards.p_value as value
    from analyses
    inner join hazards using (study_id, analysis_id)
    where hazards.term = 'treated' and hazards.transform = 'rank'
),

control_events as (
    select
        study_id,
        sample,
        outcome
    from {{ ref('int_sample_event_counts') }}
    where term in ('treated', 'comparator')
    group by all
    having min(n_events) >= 5
),

control_effects as (
    select
        effects.study_id,
        effects.sample,
        min(effects.p_value) as smallest_p
    from effects
    inner join outcomes using (study_id, outcome)
    inner join control_events using (study_id, sample, outcome)
    where outcomes.role = 'negative_control' and effects.subgroup is null
    group by all
),

controls as (
    select
        analyses.study_id,
        analyses.analysis_id,
        'negative_control_p' as diagnostic,
        control_effects.smallest_p as value
    from analyses
    inner join control_effects using (study_id, sample)
    where analyses.subgroup is null
),

figures as (
    select * from effective
    union all
    select * from detectable
    union all
    select * from proportional_hazards
    union all
    select * from controls
)

select * from figures
