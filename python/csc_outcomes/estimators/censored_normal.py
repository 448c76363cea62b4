"""Normal regression for lengths that are right-censored at a point of each case's own.

Neither statsmodels nor lifelines offers this model. A numerical gradient loses the fourth digit of
the standard errors, so gradient and Hessian are analytic.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from csc_outcomes.estimators.result import (
    Coefficients,
    FloatArray,
    IntArray,
    NotEstimableError,
    sandwich,
)
from csc_outcomes.estimators.separation import free_direction

MAX_ITERATIONS = 200
MAX_HALVINGS = 40
STEP_TOLERANCE = 1e-11
SMALLEST_RELATIVE_SIGMA = 1e-7
LOG_SQRT_TWO_PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class CensoredNormalFit:
    """Coefficients of the latent mean, latent standard deviation, weighted log-likelihood.

    `coefficients` covers the design's columns; `log_sigma_std_error` belongs to log sigma.
    """

    coefficients: Coefficients
    sigma: float
    log_sigma_std_error: float
    log_likelihood: float


@dataclass(frozen=True)
class _Derivatives:
    log_likelihood: float
    scores: FloatArray  # rows x (k + 1), weighted
    hessian: FloatArray


def mills_ratio(z: FloatArray) -> FloatArray:
    """Normal hazard phi(z) / (1 - Phi(z)), stable far into the tail."""
    return np.asarray(np.exp(-0.5 * z**2 - LOG_SQRT_TWO_PI - log_ndtr(-z)))


def expected_beyond(latent_mean: FloatArray, sigma: float, censored_at: FloatArray) -> FloatArray:
    """E[Y | Y > c] under the fitted normal: the expected length of a case still open at c."""
    return latent_mean + sigma * mills_ratio((censored_at - latent_mean) / sigma)


def fit_censored_normal(
    length: FloatArray,
    is_censored: IntArray,
    design: FloatArray,
    names: tuple[str, ...],
    weights: FloatArray,
    groups: IntArray | None = None,
) -> CensoredNormalFit:
    """Maximum likelihood of a normal length on `design` (n x k, constant included).

    Inference is normal.     `length` is the length where it ended and the censor point where
    `is_censored` is 1. With `groups` (codes 0..G-1) the covariance is the sandwich of weighted
    scores x G/(G-1); without, the inverse information. Raises NotEstimableError when nothing ended,
    when a coefficient runs off to infinity, or when the lengths leave no spread to estimate.
    """
    censored = np.asarray(is_censored, dtype=bool)
    _check_identified(length, censored, design)
    parameters = _newton(length, censored, design, weights)
    at_maximum = _derivatives(parameters, length, censored, design, weights)
    covariance: FloatArray = np.asarray(np.linalg.inv(-at_maximum.hessian), dtype=np.float64)
    if groups is not None:
        covariance = sandwich(covariance, at_maximum.scores, groups)
    return CensoredNormalFit(
        Coefficients(names, parameters[:-1], covariance[:-1, :-1], None),
        sigma=float(np.exp(parameters[-1])),
        log_sigma_std_error=float(np.sqrt(covariance[-1, -1])),
        log_likelihood=at_maximum.log_likelihood,
    )


def _check_identified(length: FloatArray, censored: np.ndarray, design: FloatArray) -> None:
    if censored.all():
        raise NotEstimableError("all_censored: no case ended within the time observed")
    if censored.any() and free_direction(design[censored], design[~censored]) is not None:
        raise NotEstimableError(
            "separation: a group of cases has no ended case to learn a length from"
        )
    ended = length[~censored]
    best, *_ = np.linalg.lstsq(design[~censored], ended, rcond=None)
    misfit = np.abs(ended - design[~censored] @ best).max()
    if misfit <= SMALLEST_RELATIVE_SIGMA * np.abs(length).max():
        raise NotEstimableError(
            "no_variation: the ended lengths leave no spread around their means"
        )


def _start(length: FloatArray, design: FloatArray, weights: FloatArray) -> FloatArray:
    root = np.sqrt(weights)
    beta, *_ = np.linalg.lstsq(design * root[:, None], length * root, rcond=None)
    residual = length - design @ beta
    sigma = np.sqrt(weights @ residual**2 / weights.sum())
    spread = np.ptp(length)
    return np.append(beta, np.log(max(sigma, 0.01 * spread, 1e-12)))


def _newton(
    length: FloatArray, censored: np.ndarray, design: FloatArray, weights: FloatArray
) -> FloatArray:
    parameters = _start(length, design, weights)
    now = _derivatives(parameters, length, censored, design, weights)
    for _ in range(MAX_ITERATIONS):
        step = _ascent_step(now)
        for _ in range(MAX_HALVINGS):
            trial = _derivatives(parameters + step, length, censored, design, weights)
            # Near the maximum the likelihood moves by less than rounding.
            slack = 1e-13 * (1 + abs(now.log_likelihood))
            if trial.log_likelihood >= now.log_likelihood - slack:
                break
            step = step / 2
        else:
            break
        parameters, now = parameters + step, trial
        if np.all(np.abs(step) <= STEP_TOLERANCE * (1 + np.abs(parameters))):
            return parameters
    raise NotEstimableError("not_converged: the censored regression has no stable solution")


def _ascent_step(at: _Derivatives) -> FloatArray:
    """Newton step; where the surface is not concave, lean towards the gradient until it is."""
    gradient, information = at.scores.sum(axis=0), -at.hessian
    size = float(np.abs(np.diag(information)).max())
    ridge = 0.0
    for _ in range(60):
        try:
            factor = np.linalg.cholesky(information + ridge * np.diag(np.diag(np.abs(information))))
            return np.linalg.solve(factor.T, np.linalg.solve(factor, gradient))
        except np.linalg.LinAlgError:
            ridge = max(2 * ridge, 1e-6)
    return gradient / size


@np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore")
def _derivatives(
    parameters: FloatArray,
    length: FloatArray,
    censored: np.ndarray,
    design: FloatArray,
    weights: FloatArray,
) -> _Derivatives:
    """Log-likelihood with its derivatives in (beta, log sigma).

    With z = (y - x beta) / sigma, a case contributes -log sigma + log phi(z) when it ended and
    log(1 - Phi(z)) when censored; `first` and `second` are the derivatives of that in z. A step too
    far may overflow: its log-likelihood is then minus infinity, and the step is halved.
    """
    log_sigma = parameters[-1]
    sigma = np.exp(log_sigma)
    z = (length - design @ parameters[:-1]) / sigma
    hazard = mills_ratio(z)
    value = np.where(censored, log_ndtr(-z), -log_sigma - 0.5 * z**2 - LOG_SQRT_TWO_PI)
    first = np.where(censored, -hazard, -z)
    second = np.where(censored, -hazard * (hazard - z), -1.0)
    slope_sigma = -first * z - np.where(censored, 0.0, 1.0)
    scores = np.column_stack([(-first / sigma)[:, None] * design, slope_sigma]) * weights[:, None]

    mixed = weights * (first + second * z) / sigma
    n_columns = design.shape[1]
    hessian = np.empty((n_columns + 1, n_columns + 1))
    hessian[:-1, :-1] = (design * (weights * second / sigma**2)[:, None]).T @ design
    hessian[:-1, -1] = hessian[-1, :-1] = mixed @ design
    hessian[-1, -1] = weights @ (second * z**2 + first * z)
    is_usable = (
        np.isfinite(value).all() and np.isfinite(scores).all() and np.isfinite(hessian).all()
    )
    return _Derivatives(float(weights @ value) if is_usable else -np.inf, scores, hessian)
