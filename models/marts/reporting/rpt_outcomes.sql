-- What each outcome means. It holds no figure of a child.
select
    facts.outcome,
    facts.label,
    facts.rule,
    facts.source,
    facts.parameters,
    {{ release_tail() }}
from {{ ref('def_outcomes') }} as facts
cross join {{ ref('int_release_profile') }} as profiles
