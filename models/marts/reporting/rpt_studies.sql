-- What each study is. It holds no figure of a child.
select
    facts.study_id,
    facts.study_name,
    facts.design,
    facts.la_code,
    facts.programme_id,
    facts.study_start,
    facts.study_end,
    facts.earliest_case_start,
    facts.latest_case_start,
    facts.estimand,
    facts.evidence_level,
    facts.report,
    facts.research_end,
    {{ release_tail() }}
from {{ ref('def_studies') }} as facts
cross join {{ ref('int_release_profile') }} as profiles
