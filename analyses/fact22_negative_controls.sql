-- Not in the FACT22 report: what the study finds on outcomes that the programme can't have changed,
-- and each result of the whole sample beside what is left of it once the systematic error of those
-- controls is taken out.
with controls as (
    select * from {{ ref('fct_negative_controls') }}
    where study_id = 'fact22'
),

effects as (
    select * from {{ ref('fct_effect_estimates') }}
    where study_id = 'fact22' and term = 'treated' and subgroup is null
),

calibrated as (
    select * from {{ ref('fct_calibrated_estimates') }}
    where study_id = 'fact22'
)

select
    effects.sample,
    effects.unit,
    effects.outcome,
    effects.analysis_id,
    calibrated.analysis_id is null as is_negative_control,
    round(effects.estimate, 4) as estimate,
    round(effects.std_error, 4) as std_error,
    round(effects.p_value, 4) as p_value,
    controls.n_controls,
    controls.n_estimated,
    round(controls.largest_abs_z, 2) as largest_abs_z,
    round(controls.mean_error, 4) as mean_error,
    round(controls.sd_error, 4) as sd_error,
    round(calibrated.calibrated_estimate, 4) as calibrated_estimate,
    round(calibrated.calibrated_ci_low, 4) as calibrated_ci_low,
    round(calibrated.calibrated_ci_high, 4) as calibrated_ci_high,
    round(calibrated.calibrated_p_value, 4) as calibrated_p_value,
    coalesce(calibrated.status, effects.status) as status,
    coalesce(calibrated.status_reason, effects.status_reason) as status_reason
from effects
inner join controls
    using (sample, unit)
left join calibrated
    using (analysis_id)
order by
    is_negative_control desc,
    effects.is_primary desc,
    effects.outcome asc,
    effects.analysis_id asc
