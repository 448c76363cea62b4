-- The value of every parameter in every study. It holds no figure of a child.
select
    facts.study_id,
    facts.parameter_id,
    facts.value,
    facts.is_default,
    facts.default_value,
    facts.data_type,
    facts.allowed_values,
    facts.ambiguity,
    facts.meaning,
    {{ release_tail() }}
from {{ ref('def_study_parameters') }} as facts
cross join {{ ref('int_release_profile') }} as profiles
