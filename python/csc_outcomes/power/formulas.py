"""Power of comparing two proportions, and by how much clusters shrink a sample."""

from __future__ import annotations

import math

from scipy.special import ndtr, ndtri

FORMULAS = ("arcsine", "pooled", "unpooled")


def design_effect(
    cluster_size: float, intraclass_correlation: float, size_cv: float = 0.0
) -> float:
    """By how much clusters shrink a sample: 1 + ((1 + cv^2) m - 1) ICC.

    `cluster_size` is the mean m over clusters and `size_cv` the coefficient of variation of their
    sizes; or the mean over cases of the size of their own cluster, which allows for unequal
    clusters already, and no `size_cv`. Eldridge, Ashby and Kerry, International Journal of
    Epidemiology 35 (2006), 1292-1300.
    """
    return 1 + ((1 + size_cv**2) * cluster_size - 1) * intraclass_correlation


def detectable_effect(n_treated: float, n_comparator: float, alpha: float, power: float) -> float:
    """The smallest standardised difference found with `power`, two-sided at `alpha`: of means in
    standard deviations, of proportions in Cohen's h. Sizes are effective ones, in cases. Cohen,
    Statistical Power Analysis (1988), chapters 2 and 6; NaN where an arm is empty."""
    if min(n_treated, n_comparator) <= 0:
        return math.nan
    from scipy.optimize import brentq

    reach = float(ndtri(power) - ndtri(alpha / 2))
    shift = brentq(lambda shift: _both_tails(shift, 1.0, alpha) - power, 0.0, reach, xtol=1e-13)
    return float(shift) * math.sqrt(1 / n_treated + 1 / n_comparator)


def detectable_rate(rate: float, effect: float) -> float:
    """The rate that lies Cohen's h `effect` above `rate` (below, where it is negative), both as
    proportions; NaN where no proportion does."""
    angle = math.asin(math.sqrt(rate)) + effect / 2
    return math.sin(angle) ** 2 if 0 <= angle <= math.pi / 2 else math.nan


def rates_power(
    formula: str, alpha: float, rates: tuple[float, float], sizes: tuple[float, float]
) -> float:
    """The probability that two rates are found to differ, two-sided at `alpha`.

    `rates` and effective `sizes` are treated first, rates as proportions of which at least one is
    neither 0 nor 1. `arcsine` compares angles (Cohen 1988, chapter 6); `pooled` tests with the
    standard error of no difference, `unpooled` with that of the two rates (Fleiss, Levin and Paik,
    Statistical Methods for Rates and Proportions, 2003, chapter 4). Raises KeyError for another
    formula.
    """
    shift, ratio = _STANDARDISED[formula](*rates, *sizes)
    return _both_tails(abs(shift), ratio, alpha)


def _both_tails(shift: float, ratio: float, alpha: float) -> float:
    """Power where the estimate lies `shift` of its errors from nil, and the error that the test
    takes is `ratio` times its own."""
    bound = -float(ndtri(alpha / 2)) * ratio
    return float(ndtr(shift - bound) + ndtr(-shift - bound))


def _arcsine(treated: float, other: float, n_treated: float, n_other: float) -> tuple[float, float]:
    angle = math.asin(math.sqrt(treated)) - math.asin(math.sqrt(other))
    return 2 * angle / math.sqrt(1 / n_treated + 1 / n_other), 1.0


def _pooled(treated: float, other: float, n_treated: float, n_other: float) -> tuple[float, float]:
    shift, error = _difference(treated, other, n_treated, n_other)
    both = (n_treated * treated + n_other * other) / (n_treated + n_other)
    error_of_none = math.sqrt(both * (1 - both) * (1 / n_treated + 1 / n_other))
    return shift, error_of_none / error


def _unpooled(
    treated: float, other: float, n_treated: float, n_other: float
) -> tuple[float, float]:
    return _difference(treated, other, n_treated, n_other)[0], 1.0


def _difference(
    treated: float, other: float, n_treated: float, n_other: float
) -> tuple[float, float]:
    error = math.sqrt(treated * (1 - treated) / n_treated + other * (1 - other) / n_other)
    return (treated - other) / error, error


_STANDARDISED = {"arcsine": _arcsine, "pooled": _pooled, "unpooled": _unpooled}
