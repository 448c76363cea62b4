-- The smallest true difference between two rates that a trial of families would find, for each
-- design of the seed power_designs: independent children are children over 1 + ((1 + cv^2) m - 1)
-- ICC (Eldridge, Ashby and Kerry 2006), compared by angles (Cohen 1988) or by their difference.
with
designs as (select * from {{ ref('power_designs') }}),
found as (select * from {{ ref('py_power') }})

select
    designs.study_id,
    designs.design_id,
    designs.label,
    designs.baseline,
    designs.icc,
    designs.children_per_family,
    designs.family_size_cv,
    designs.n_families,
    designs.share_treated,
    designs.alpha,
    designs.power,
    designs.direction,
    designs.formula,
    designs.source,
    found.n_children,
    found.design_effect,
    found.n_effective,
    found.n_effective_treated,
    found.n_effective_comparator,
    found.detectable_rate,
    found.mdes_pp,
    found.mdes_relative,
    found.status,
    found.status_reason
from designs
inner join found using (study_id, design_id)
