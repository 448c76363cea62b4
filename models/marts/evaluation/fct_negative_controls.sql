-- What a study finds on outcomes that the programme can't have changed, and the systematic error, a
-- normal distribution, that explains it beside chance (Schuemie et al., Statistics in Medicine
-- 2014). Fewer controls than the study's `calibration_controls` give no distribution.
select * from {{ ref('py_negative_controls') }}
