-- Not in the FACT22 report: each primary question under every choice that the report leaves open,
-- one choice at a time, by every estimator and error of the curve, from the lowest estimate to the
-- highest. Medians and counts of the whole curve stand in each row. No independent tests: the share
-- of significant ones is no p-value.
with
curve as (
    select * from {{ ref('fct_specification_curve') }}
    where study_id = 'fact22'
),

summary as (
    select * from {{ ref('fct_specification_summary') }}
    where study_id = 'fact22'
),

outcomes as (
    select * from {{ ref('study_outcomes') }}
    where study_id = 'fact22'
)

select
    curve.outcome,
    case curve.status
        when 'ok' then rank() over (partition by curve.outcome order by curve.estimate)
    end as place,
    curve.reading,
    curve.analysis_id,
    curve.sample,
    curve.estimator,
    curve.unit,
    round(curve.estimate, 3) as estimate,
    round(curve.ci_low, 3) as low,
    round(curve.ci_high, 3) as high,
    curve.p_value,
    curve.agrees_in_sign and curve.agrees_in_significance as agrees,
    round(summary.median_estimate, 3) as median_estimate,
    summary.n_agreeing,
    summary.n_estimated,
    curve.status_reason
from curve
inner join summary using (outcome)
inner join outcomes using (outcome)
order by outcomes.outcome_order asc, place asc nulls last, curve.analysis_id asc, curve.reading asc
