-- FACT22 report, Table 1: the four impact questions, asked of all matched cases and by how long the
-- treated case was open when it entered, as the table sets out and the report doesn't print; and
-- re-referral by age, which its costs rest on. Rates are in percent, lengths in weeks. Small
-- subgroups say little, and p-values aren't adjusted for looking at several.
with
analyses as (
    select * from {{ ref('study_analyses') }}
    where study_id = 'fact22' and (is_primary or subgroup is not null)
),

subgroups as (
    select * from {{ ref('study_subgroups') }}
    where study_id = 'fact22'
),

outcomes as (
    select * from {{ ref('study_outcomes') }}
    where study_id = 'fact22'
),

effects as (
    select * from {{ ref('fct_effect_estimates') }}
    where study_id = 'fact22'
),

shown as (
    select
        analysis_id,
        max(unit) as unit,
        max(case unit when 'proportion' then 100 else 1 end) as scale,
        max(estimate) filter (where term = 'treated_mean') as treated_mean,
        max(estimate) filter (where term = 'comparator_mean') as comparator_mean,
        max(estimate) filter (where term = 'treated') as effect,
        max(ci_low) filter (where term = 'treated') as ci_low,
        max(ci_high) filter (where term = 'treated') as ci_high,
        max(p_value) filter (where term = 'treated') as p_value,
        max(n_treated) as n_treated,
        max(n_comparator) as n_comparator,
        max(status) filter (where term = 'treated') as status,
        max(status_reason) filter (where term = 'treated') as status_reason
    from effects
    group by analysis_id
)

select
    analyses.outcome,
    coalesce(subgroups.label, 'All matched cases') as cases_compared,
    case shown.unit when 'proportion' then 'percent' else shown.unit end as unit,
    round(shown.scale * shown.treated_mean, 1) as fact22,
    round(shown.scale * shown.comparator_mean, 1) as comparator,
    round(shown.scale * shown.effect, 1) as difference,
    round(shown.scale * shown.ci_low, 1) as difference_low,
    round(shown.scale * shown.ci_high, 1) as difference_high,
    shown.p_value,
    shown.n_treated,
    shown.n_comparator,
    shown.status,
    shown.status_reason
from analyses
inner join shown using (analysis_id)
inner join outcomes using (outcome)
left join subgroups using (subgroup)
order by outcomes.outcome_order, subgroups.subgroup_order nulls first
