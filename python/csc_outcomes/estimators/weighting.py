"""Weights that make comparators resemble the treated, and the doubly robust effect on the treated.

The estimand throughout is the average effect on the treated (ATT): treated cases keep their weight,
comparators are weighted towards them.
"""

import numpy as np
from scipy.special import logsumexp

from csc_outcomes.estimators.logit import fit_logit
from csc_outcomes.estimators.result import (
    Coefficients,
    FloatArray,
    IntArray,
    NotEstimableError,
    influence_covariance,
)
from csc_outcomes.estimators.separation import free_direction

MAX_ITERATIONS = 100
MAX_HALVINGS = 40
BALANCE_AIM = 1e-13  # standard deviations of a covariate
BALANCE_NEEDED = 1e-9
LARGEST_LOG_ODDS = 500.0  # beyond this exp overflows; a weight of e^500 is none to lean on anyway


def odds_weights(
    treated: FloatArray, matrix: FloatArray, names: tuple[str, ...], base: FloatArray
) -> FloatArray:
    """Inverse probability weights for the ATT: treated 1, comparators p / (1 - p), times `base`.

    p is the probability of treatment from a logit on `matrix` (n x k, constant included) weighted
    by `base` (positive, n). Weights are not scaled; a difference in weighted means does not mind.
    Raises NotEstimableError 'no_overlap' where the covariates separate the arms.
    """
    return base * np.where(treated == 1, 1.0, _odds(treated, matrix, names, base))


def _odds(
    treated: FloatArray, matrix: FloatArray, names: tuple[str, ...], base: FloatArray
) -> FloatArray:
    """Fitted p / (1 - p) per row."""
    try:
        fitted = fit_logit(treated, matrix, names, base)
    except NotEstimableError as cause:
        reason = str(cause).replace("separation: the event", "no_overlap: treatment")
        raise NotEstimableError(reason) from None
    return np.asarray(np.exp(np.minimum(matrix @ fitted.coef, LARGEST_LOG_ODDS)))


def entropy_balance(treated: FloatArray, covariates: FloatArray, base: FloatArray) -> FloatArray:
    """Entropy balancing for the ATT (Hainmueller 2012): treated keep `base`, comparators are moved.

    Of all weights that give the comparators the treated means of `covariates` (n x k, no constant)
    exactly, those closest to `base` in Kullback-Leibler divergence; comparators sum to the treated.
    Newton's method on the dual, log sum base exp(-(x - treated mean) b). Raises NotEstimableError
    'no_overlap' when no positive weights can balance: the treated mean is not within the
    comparators' reach.
    """
    is_treated = treated == 1
    target = np.average(covariates[is_treated], axis=0, weights=base[is_treated])
    gap = covariates[~is_treated] - target
    scale = np.abs(gap).max(axis=0, initial=0.0)
    gap = gap / np.where(scale > 0, scale, 1.0)
    if gap.shape[1] and free_direction(gap) is not None:
        raise NotEstimableError("no_overlap: no weights give comparators the means of the treated")
    share = _balanced_share(gap, np.log(base[~is_treated]))
    weights = base.copy()
    weights[~is_treated] = share * base[is_treated].sum()
    return weights


def _balanced_share(gap: FloatArray, log_base: FloatArray) -> FloatArray:
    """Weights summing to 1 under which every column of `gap` has mean 0."""
    tilt = np.zeros(gap.shape[1])
    share, dual = _tilted(gap, log_base, tilt)
    for _ in range(MAX_ITERATIONS):
        mean = share @ gap
        if np.abs(mean).max(initial=0.0) <= BALANCE_AIM:
            break
        spread = (gap * share[:, None]).T @ gap - np.outer(mean, mean)
        # Comparators may agree on a covariate on which the arms do: then it needs no tilt.
        step = np.linalg.lstsq(spread, mean, rcond=None)[0]
        for _ in range(MAX_HALVINGS):
            next_share, next_dual = _tilted(gap, log_base, tilt + step)
            if next_dual <= dual + 1e-14 * (1 + abs(dual)):
                break
            step = step / 2
        else:
            break
        tilt, share, dual = tilt + step, next_share, next_dual
    if np.abs(share @ gap).max(initial=0.0) > BALANCE_NEEDED:
        raise NotEstimableError("not_converged: the balancing weights have no stable solution")
    return share


def _tilted(gap: FloatArray, log_base: FloatArray, tilt: FloatArray) -> tuple[FloatArray, float]:
    exponent = log_base - gap @ tilt
    dual = float(logsumexp(exponent))
    return np.exp(exponent - dual), dual


def doubly_robust(
    outcome: FloatArray,
    treated: FloatArray,
    matrix: FloatArray,
    names: tuple[str, ...],
    base: FloatArray,
    groups: IntArray | None = None,
) -> Coefficients:
    """Augmented inverse probability weighting for the ATT (Robins, Rotnitzky and Zhao 1994).

    Right when either the logit of treatment or the linear model of the comparators' outcome is;
    both are on `matrix` (n x k, constant included). With r the residual from that linear model and
    N1 the treated's weight, effect = sum base (T r - (1 - T) p/(1 - p) r) / N1, not normalised by
    the comparators' weight. Coefficients: 'constant' (the treated's mean without treatment) and
    'treated' (the effect), in the outcome's unit, normal inference. The covariance is that of the
    influence function: over cases as it is without `groups`, else over clusters x G/(G-1); it
    ignores, as is usual, that both models were fitted. Raises NotEstimableError 'no_overlap' where
    the arms are separated and 'too_few_cases' where the comparators cannot carry the linear model.
    """
    odds = _odds(treated, matrix, names, base)
    residual = outcome - matrix @ _comparator_model(outcome, treated, matrix, base)
    total = base @ treated
    shift = (treated - (1 - treated) * odds) * residual
    effect = base @ shift / total
    treated_mean = base @ (treated * outcome) / total
    of_effect = base * (shift - treated * effect) / total
    of_mean = base * treated * (outcome - treated_mean) / total
    influence = np.column_stack([of_mean - of_effect, of_effect])
    return Coefficients(
        ("constant", "treated"),
        np.array([treated_mean - effect, effect]),
        influence_covariance(influence, groups),
        None,
    )


def _comparator_model(
    outcome: FloatArray, treated: FloatArray, matrix: FloatArray, base: FloatArray
) -> FloatArray:
    is_comparator = treated == 0
    root = np.sqrt(base[is_comparator])
    design = matrix[is_comparator] * root[:, None]
    coef, _, rank, _ = np.linalg.lstsq(design, outcome[is_comparator] * root, rcond=None)
    if rank < matrix.shape[1] or len(root) <= matrix.shape[1]:
        raise NotEstimableError("too_few_cases: the comparators cannot tell all covariates apart")
    return np.asarray(coef)
