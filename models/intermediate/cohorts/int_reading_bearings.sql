-- Which readings bear on which analyses of the specification curve: those that change a parameter
-- of the analysis's outcome or of its sample. The others would only repeat the main estimate. A
-- reading that counts from the entry to the programme can be had of the sample matched by caliper
-- alone: comparators of another have an entry only where they happen to be matched so too.
with
analyses as (
    select * from {{ ref('study_analyses') }}
    where in_curve
),

changed as (select * from {{ ref('study_readings') }}),
outcomes as (select * from {{ ref('outcome_definitions') }}),
samples as (select * from {{ ref('sample_definitions') }})

select distinct
    analyses.study_id,
    analyses.analysis_id,
    changed.reading
from analyses
inner join changed using (study_id)
inner join outcomes using (outcome)
inner join samples using (sample)
where
    '|' || coalesce(outcomes.parameters, '') || '|' || coalesce(samples.parameters, '') || '|'
    like '%|' || changed.parameter_id || '|%'
    and (samples.sample = 'cem_caliper' or changed.value not in ('programme_entry', 'each_link'))
