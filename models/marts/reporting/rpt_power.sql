-- What trials of assumed designs would find. It holds no figure of a child.
select
    facts.study_id,
    facts.design_id,
    facts.label,
    facts.baseline,
    facts.icc,
    facts.children_per_family,
    facts.family_size_cv,
    facts.n_families,
    facts.share_treated,
    facts.alpha,
    facts.power,
    facts.direction,
    facts.formula,
    facts.source,
    facts.n_children,
    facts.design_effect,
    facts.n_effective,
    facts.n_effective_treated,
    facts.n_effective_comparator,
    facts.detectable_rate,
    facts.mdes_pp,
    facts.mdes_relative,
    facts.status,
    facts.status_reason,
    {{ release_tail() }}
from {{ ref('fct_power') }} as facts
cross join {{ ref('int_release_profile') }} as profiles
