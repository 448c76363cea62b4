-- Where the configuration differs from the locked plan. It holds no figure of a child.
select
    facts.study_id,
    facts.plan_version,
    facts.kind,
    facts.item,
    facts.planned,
    facts.current,
    facts.deviation,
    facts.touches,
    facts.touches_analysis_id,
    {{ release_tail() }}
from {{ ref('fct_plan_deviations') }} as facts
cross join {{ ref('int_release_profile') }} as profiles
