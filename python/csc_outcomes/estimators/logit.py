"""Weighted logistic regression and average marginal effects."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from csc_outcomes.estimators.result import (
    Coefficients,
    FloatArray,
    IntArray,
    NotEstimableError,
    sandwich,
)
from csc_outcomes.estimators.separation import separating_terms


@dataclass(frozen=True)
class MarginalEffect:
    """Average difference in probability between treated and not, on the probability scale."""

    estimate: float
    std_error: float


def fit_logit(
    outcome: FloatArray,
    design: FloatArray,
    names: tuple[str, ...],
    weights: FloatArray,
    groups: IntArray | None = None,
) -> Coefficients:
    """Weighted logit of 0/1 `outcome` (n) on `design` (n x k, constant included), normal inference.

    With `groups` (codes 0..G-1) the covariance is the clustered sandwich x G/(G-1), as Stata's
    logit; without, the model's own. Weights enter as variance weights: as frequency weights the
    sandwich is a sixth too large. Raises NotEstimableError under separation, where software
    "converges" on nonsense.
    """
    import statsmodels.api as sm

    terms = separating_terms(outcome, design, names)
    if terms is not None:
        raise NotEstimableError(
            "separation: the event is certain or impossible for some values of "
            + (", ".join(terms) or "every case")
        )
    model = sm.GLM(outcome, design, family=sm.families.Binomial(), var_weights=weights)
    fitted = model.fit(tol=1e-14, maxiter=200, tol_criterion="deviance")
    if not np.isfinite(fitted.params).all():
        raise NotEstimableError("not_converged: the logistic regression has no stable solution")
    # The information at the final coefficients: software keeps that of the last but one iteration.
    # The sandwich is our own because statsmodels calls its one "not fully supported" with variance
    # weights.
    share = expit(design @ fitted.params)
    information = (design * (weights * share * (1 - share))[:, None]).T @ design
    covariance = np.linalg.inv(information)
    if groups is not None:
        scores = design * (weights * (outcome - share))[:, None]
        covariance = sandwich(covariance, scores, groups)
    return Coefficients(names, fitted.params, covariance, None)


def average_marginal_effect(
    fit: Coefficients,
    as_treated: FloatArray,
    as_comparator: FloatArray,
    weights: FloatArray,
) -> MarginalEffect:
    """Weighted mean of P(event | treated) - P(event | not treated), delta-method standard error.

    `as_treated` and `as_comparator` are the same rows with the treatment set to 1 and to 0; pass
    every row for the effect in the whole sample, the treated rows alone for the effect on the
    treated.
    """
    share = weights / weights.sum()
    with_treatment, without = expit(as_treated @ fit.coef), expit(as_comparator @ fit.coef)
    gradient = share @ (
        (with_treatment * (1 - with_treatment))[:, None] * as_treated
        - (without * (1 - without))[:, None] * as_comparator
    )
    return MarginalEffect(
        float(share @ (with_treatment - without)),
        float(np.sqrt(gradient @ fit.covariance @ gradient)),
    )
