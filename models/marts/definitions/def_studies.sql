-- What each study is: its facts, its estimand, the strength of its design and its report.
select
    study_id,
    study_name,
    design,
    la_code,
    programme_id,
    study_start,
    study_end,
    earliest_case_start,
    latest_case_start,
    estimand,
    evidence_level,
    report,
    research_end
from {{ ref('studies') }}
