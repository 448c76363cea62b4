-- Project Crewe report, appendix 6, "Power calculations": the smallest true difference that the
-- trial would find in four times of five, as it was planned and with the families it got. The
-- report doesn't print how many families it planned with: 322 are fitted to its four differences.
select
    label,
    round(100 * baseline, 1) as baseline_percent,
    icc,
    round(children_per_family, 2) as children_per_family,
    round(n_families, 1) as n_families,
    round(100 * share_treated, 1) as percent_treated,
    direction,
    formula,
    round(design_effect, 2) as design_effect,
    round(n_effective, 1) as n_effective,
    round(mdes_pp, 1) as detectable_pp,
    round(100 * mdes_relative) as percent_of_baseline,
    status,
    status_reason,
    source
from {{ ref('fct_power') }}
where study_id = 'crewe'
order by
    case when design_id like 'planned%' then 1 else 2 end,
    design_id
