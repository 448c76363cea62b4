-- The release of the outcome that each analysis asks about, in its sample and subgroup. What is not
-- adjusted gives exact counts, which a profile that rounds them doesn't allow: such figures are
-- given to two decimals.
with
analyses as (
    select * from {{ ref('int_study_analyses') }}
    where reading = 'main'
),

outcomes as (select * from {{ ref('int_release_outcomes') }}),
profiles as (select * from {{ ref('int_release_profile') }})

select
    analyses.study_id,
    analyses.analysis_id,
    analyses.sample,
    coalesce(analyses.subgroup, 'all') as population,
    analyses.outcome,
    analyses.subgroup,
    outcomes.kind,
    outcomes.n_treated,
    outcomes.n_comparator,
    outcomes.n_with_treated,
    outcomes.n_with_comparator,
    coalesce(
        profiles.rates_from_rounded
        and outcomes.kind = 'binary'
        and analyses.covariates = 'none',
        false
    ) as gives_exact_counts,
    coalesce(outcomes.is_shown, false) as is_shown,
    coalesce(outcomes.disclosure, 'z') as disclosure,
    case
        when outcomes.disclosure is null then 'No case of the sample has this outcome'
        else outcomes.disclosure_reason
    end as disclosure_reason
from analyses
cross join profiles
left join outcomes
    on
        analyses.study_id = outcomes.study_id
        and analyses.sample = outcomes.sample
        and coalesce(analyses.subgroup, 'all') = outcomes.population
        and analyses.outcome = outcomes.outcome
