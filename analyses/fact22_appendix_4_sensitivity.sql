-- FACT22 report, appendix 4: the primary results asked another way, as the report does (with
-- covariates, with a logistic model, by propensity scores) and beyond it (other weights, errors and
-- estimators, other readings of the rules). agrees: same sign as the main result and on the same
-- side of 5 %. A row without an estimate says why.
with
sensitivity as (
    select * from {{ ref('fct_sensitivity') }}
    where study_id = 'fact22'
),

outcomes as (
    select * from {{ ref('study_outcomes') }}
    where study_id = 'fact22'
),

scaled as (
    select
        *,
        case unit when 'proportion' then 100 else 1 end as scale
    from sensitivity
)

select
    scaled.outcome,
    scaled.varied,
    scaled.reading,
    scaled.analysis_id,
    case scaled.unit when 'proportion' then 'percentage points' else scaled.unit end as unit,
    round(scaled.scale * scaled.main_estimate, 1) as main_result,
    round(scaled.scale * scaled.estimate, 1) as result,
    round(scaled.scale * scaled.ci_low, 1) as low,
    round(scaled.scale * scaled.ci_high, 1) as high,
    scaled.p_value,
    scaled.agrees,
    scaled.n_treated,
    round(scaled.ess_comparator, 1) as ess_comparator,
    scaled.status,
    scaled.status_reason
from scaled
inner join outcomes using (outcome)
order by
    outcomes.outcome_order asc,
    scaled.reading = 'main' desc,
    scaled.varied asc,
    scaled.reading asc,
    scaled.analysis_id asc
