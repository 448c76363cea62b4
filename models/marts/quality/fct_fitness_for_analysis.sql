-- For every authority and analysis: can it run, with caution, or not, and because of what. Where it
-- cannot, reasons for caution are beside the point.
with analyses as (
    select
        studies.la_code,
        study_analyses.study_id,
        study_analyses.analysis_id
    from {{ ref('study_analyses') }} as study_analyses
    inner join {{ ref('studies') }} as studies using (study_id)
),

findings as (
    select
        la_code,
        study_id,
        analysis_id,
        verdict,
        {{ ordered_list('distinct because', 'because', '; ') }} as because
    from {{ ref('int_fitness_findings') }}
    group by all
),

impossible as (
    select * from findings
    where verdict = 'cannot'
),

cautions as (
    select * from findings
    where verdict = 'with_caution'
)

select
    analyses.la_code,
    analyses.study_id,
    analyses.analysis_id,
    coalesce(impossible.verdict, cautions.verdict, 'can_run') as verdict,
    coalesce(impossible.because, cautions.because, 'Nothing stands against it') as because
from analyses
left join impossible using (la_code, study_id, analysis_id)
left join cautions using (la_code, study_id, analysis_id)
