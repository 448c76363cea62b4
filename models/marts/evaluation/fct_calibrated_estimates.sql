-- Every effect less the mean systematic error of the negative controls of its sample and unit, with
-- that error's variance added to its own (Schuemie et al., Statistics in Medicine 2014 and PNAS
-- 2018). The error is taken to be the same for every effect, whatever its size.
select * from {{ ref('py_calibrated_estimates') }}
