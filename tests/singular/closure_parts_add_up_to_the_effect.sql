-- In each order the parts of the closure gap add up to the difference of the closure rates, and to
-- the estimated effect where the study estimates it on the sample with treatment alone.
with
parts as (select * from {{ ref('fct_closure_decomposition') }}),
estimates as (select * from {{ ref('fct_effect_estimates') }}),

sums as (
    select
        study_id,
        sample,
        method,
        sum(value) as total,
        max(effect) as effect,
        max(closed_treated) as closed_treated,
        max(recorded_treated * (1 - escalated_after_treated)) as product_treated
    from parts
    where status = 'ok'
    group by all
)

select
    sums.study_id,
    sums.sample,
    sums.method,
    sums.total,
    sums.effect,
    estimates.estimate
from sums
left join estimates
    on
        sums.study_id = estimates.study_id
        and sums.sample = estimates.sample
        and estimates.outcome = 'closed_without_later_escalation'
        and estimates.estimator = 'wls'
        and estimates.covariates = 'none'
        and estimates.subgroup is null
        and estimates.term = 'treated'
        and estimates.status = 'ok'
where
    abs(sums.total - sums.effect) > 1e-12
    or abs(sums.closed_treated - sums.product_treated) > 1e-12
    or abs(sums.total - estimates.estimate) > 1e-9
