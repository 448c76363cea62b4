-- For every authority and analysis: can it run, with caution, or not, and because of what.
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
        bool_or(verdict = 'cannot') as is_impossible,
        {{ ordered_list('distinct because', 'because', '; ') }} as because
    from {{ ref('int_fitness_findings') }}
    group by all
)

select
    analyses.la_code,
    analyses.study_id,
    analyses.analysis_id,
    case
        when findings.la_code is null then 'can_run'
        when findings.is_impossible then 'cannot'
        else 'with_caution'
    end as verdict,
    coalesce(findings.because, 'Nothing stands against it') as because
from analyses
left join findings
    on
        analyses.la_code = findings.la_code
        and analyses.study_id = findings.study_id
        and analyses.analysis_id = findings.analysis_id
