-- For every authority and analysis: can it run, with caution, or not, and because of what. Where it
-- cannot, reasons for caution are beside the point.
with
analyses as (
    select
        studies.la_code,
        study_analyses.study_id,
        study_analyses.analysis_id
    from {{ ref('study_analyses') }} as study_analyses
    inner join {{ ref('int_study_authorities') }} as studies using (study_id)
),

findings as (select * from {{ ref('int_fitness_findings') }}),

{{ worst_findings('findings', ['la_code', 'study_id', 'analysis_id']) }}

select
    analyses.la_code,
    analyses.study_id,
    analyses.analysis_id,
    coalesce(worst.verdict, 'can_run') as verdict,
    coalesce(worst.because, 'Nothing stands against it') as because
from analyses
left join worst using (la_code, study_id, analysis_id)
