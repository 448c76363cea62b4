"""Empirical calibration: the systematic error that negative controls show, in p-values and
intervals.

The model of OHDSI's EmpiricalCalibration: p-values after Schuemie et al. (Statistics in Medicine
2014; 33:209-218), intervals after Schuemie et al. (PNAS 2018; 115:2571-2577).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from csc_outcomes.estimators.result import (
    FloatArray,
    NotEstimableError,
    critical_value,
    two_sided_p,
)

# A single control has no spread.
FEWEST_CONTROLS = 2


@dataclass(frozen=True)
class SystematicError:
    """Normal distribution of what is added to an effect beside chance, in the effect's unit."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Calibrated:
    """An effect with its systematic error taken out, and its 95 % interval, in its unit."""

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float


def fit_systematic_error(
    estimates: Sequence[float] | FloatArray,
    std_errors: Sequence[float] | FloatArray,
    n_needed: int = FEWEST_CONTROLS,
) -> SystematicError:
    """Empirical null from the estimates of effects that are truly nil, one per control outcome.

    Estimate i ~ Normal(mean, sd^2 + std_error_i^2); mean and sd by maximum likelihood, as fitNull
    has it. sd is exactly 0 where chance alone explains the spread. Raises NotEstimableError with
    fewer than `n_needed` controls (never below two), ValueError unless every estimate is finite and
    every error finite and above 0.
    """
    values, errors = np.asarray(estimates, dtype=float), np.asarray(std_errors, dtype=float)
    is_known = np.isfinite(values).all() and np.isfinite(errors).all() and (errors > 0).all()
    if values.shape != errors.shape or not is_known:
        raise ValueError("Controls need finite estimates, each with an error above 0.")
    needed = max(n_needed, FEWEST_CONTROLS)
    if len(values) < needed:
        raise NotEstimableError(
            f"too_few_controls: {len(values)} of at least {needed} negative controls are estimated"
        )
    sd = _spread(values, errors)
    return SystematicError(_centre(values, errors, sd), sd)


def calibrate(
    estimate: float, std_error: float, error: SystematicError, df: float | None = None
) -> Calibrated:
    """An estimate less the mean systematic error, with sd^2 added to its variance.

    The error of the effect is taken to be that of the null, whatever the effect's size
    (convertNullToErrorModel with its defaults). Against the normal as there, or against t where the
    estimate has `df`, so that calibration never narrows an interval. The error's own uncertainty
    isn't counted. Raises ValueError unless `std_error` is finite and above 0.
    """
    if not (np.isfinite(estimate) and np.isfinite(std_error) and std_error > 0):
        raise ValueError("Calibration needs a finite estimate with an error above 0.")
    centre = estimate - error.mean
    total = float(np.hypot(std_error, error.sd))
    width = critical_value(df) * total
    return Calibrated(centre, centre - width, centre + width, two_sided_p(centre / total, df))


def _spread(values: FloatArray, errors: FloatArray) -> float:
    """Where the likelihood, with the mean at its best for every sd, is highest.

    There sd is at most the range of the estimates: beyond it, every term of the derivative
    sum w^2 ((value - mean)^2 - 1 / w) is negative. With unequal errors there may be several peaks,
    so the highest point of a grid comes first.
    """
    largest = float(np.ptp(values))
    if largest == 0:
        return 0.0
    smallest = min(float(errors.min()), largest) / 100
    grid = np.concatenate([[0.0], np.geomspace(smallest, largest, 200)])
    best = int(np.argmin([_deviance(sd, values, errors) for sd in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(
        _deviance, bounds=bounds, args=(values, errors), method="bounded", options={"xatol": 1e-12}
    )
    return 0.0 if _deviance(0.0, values, errors) <= found.fun else float(found.x)


def _deviance(sd: float, values: FloatArray, errors: FloatArray) -> float:
    """Minus twice the log likelihood at the best mean for this sd, less its constant."""
    variances = sd**2 + errors**2
    distances = values - _centre(values, errors, sd)
    return float(np.sum(np.log(variances) + distances**2 / variances))


def _centre(values: FloatArray, errors: FloatArray, sd: float) -> float:
    return float(np.average(values, weights=1 / (sd**2 + errors**2)))
