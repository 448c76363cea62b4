"""How strong an unmeasured cause would have to be, on the risk-ratio scale, to explain an effect.

VanderWeele and Ding (Annals of Internal Medicine 2017); the figures equal those of R's EValue.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from csc_outcomes.estimators.result import NotEstimableError, critical_value

LARGEST_LOG_RATIO = 25.0
COMMON_SHARE = 0.15  # above it a hazard or odds ratio is no risk ratio
# Normal quantile as their formula for standardised differences has it: 1.96 x 0.91 = 1.78.
STANDARDISED_SLOPE, STANDARDISED_WIDTH = 0.91, 1.78


@dataclass(frozen=True)
class EValue:
    """E-value of the estimate and of the end of its interval that is nearer to no effect.

    `risk_ratio`, `ci_low` and `ci_high` are the (approximate) risk ratios they were taken from.
    `of_interval` is 1 where the interval holds no effect, None without an interval.
    """

    risk_ratio: float
    ci_low: float | None
    ci_high: float | None
    of_estimate: float
    of_interval: float | None


def evalue_from_risk_ratio(
    ratio: float, low: float | None = None, high: float | None = None
) -> EValue:
    """E-value of a risk ratio, of a rate ratio, or of the odds or hazard ratio of a rare outcome.

    Raises ValueError unless ratio and limits are positive, finite and in order.
    """
    return _evalue(lambda value: value, ratio, low, high)


def ratio_of_means(
    means: tuple[float, float],
    std_errors: tuple[float, float],
    difference_std_error: float,
    df: float | None = None,
) -> tuple[float, float, float]:
    """Risk ratio with its 95 % interval from two arms' shares, treated first.

    `difference_std_error` is that of treated less comparator: with both arms' errors it gives their
    covariance, so that clusters in both arms count. The interval is the delta method's, symmetric
    in the logarithm, against t with `df` or the normal. Raises NotEstimableError where a share is
    not above 0 and at most 1.
    """
    treated, comparator = means
    if not (0 < treated <= 1 and 0 < comparator <= 1):
        raise NotEstimableError("no_ratio: the mean of an arm is not a share above 0")
    own, other = std_errors
    covariance = (own**2 + other**2 - difference_std_error**2) / 2
    parts = (own / treated) ** 2, (other / comparator) ** 2
    variance = sum(parts) - 2 * covariance / (treated * comparator)
    width = critical_value(df) * np.sqrt(max(variance, 0.0))
    centre = float(np.log(treated / comparator))
    return ratios(centre, centre - width, centre + width)


def ratios(centre: float, low: float, high: float) -> tuple[float, float, float]:
    """A ratio and its interval from their logarithms.

    Raises NotEstimableError where one is too near to 0 or to infinity to say anything.
    """
    if not max(abs(centre), abs(low), abs(high)) < LARGEST_LOG_RATIO:
        raise NotEstimableError("no_ratio: the ratio can't be told from 0 or from infinity")
    return float(np.exp(centre)), float(np.exp(low)), float(np.exp(high))


def evalue_from_odds_ratio(
    ratio: float, low: float | None = None, high: float | None = None
) -> EValue:
    """E-value of an odds ratio whose outcome is common (above 15 %): risk ratio = sqrt(odds ratio).

    Raises ValueError as `evalue_from_risk_ratio` does.
    """
    return _evalue(lambda value: float(np.sqrt(value)), ratio, low, high)


def evalue_from_hazard_ratio(
    ratio: float, low: float | None = None, high: float | None = None
) -> EValue:
    """E-value of a hazard ratio whose outcome is common (above 15 %) by the end of follow-up.

    Risk ratio = (1 - .5^sqrt(HR)) / (1 - .5^sqrt(1/HR)). Raises ValueError as
    `evalue_from_risk_ratio` does.
    """

    def risk_ratio(hazard_ratio: float) -> float:
        root = np.sqrt(hazard_ratio)
        return float((1 - 0.5**root) / (1 - 0.5 ** (1 / root)))

    return _evalue(risk_ratio, ratio, low, high)


def evalue_from_difference(difference: float, std_error: float, deviation: float) -> EValue:
    """E-value of a difference in means, all three in the outcome's unit.

    With d the difference in standard deviations of the outcome, risk ratio = exp(.91 d) and its
    interval exp(.91 d -+ 1.78 se). Raises ValueError unless `deviation` is positive and `std_error`
    not negative, NotEstimableError as `ratios` does.
    """
    if not deviation > 0 or not std_error >= 0:
        raise ValueError("An E-value needs a positive deviation and an error of at least 0.")
    centre = STANDARDISED_SLOPE * difference / deviation
    width = STANDARDISED_WIDTH * std_error / deviation
    return evalue_from_risk_ratio(*ratios(centre, centre - width, centre + width))


def _evalue(
    scale: Callable[[float], float], ratio: float, low: float | None, high: float | None
) -> EValue:
    limits = [value for value in (low, ratio, high) if value is not None]
    if not all(np.isfinite(value) and value > 0 for value in limits) or limits != sorted(limits):
        raise ValueError("An E-value needs positive, finite ratios: low <= ratio <= high.")
    point = scale(ratio)
    lower, upper = (None if value is None else scale(value) for value in (low, high))
    # The limit between the estimate and no effect.
    nearer = lower if point >= 1 else upper
    return EValue(
        risk_ratio=point,
        ci_low=lower,
        ci_high=upper,
        of_estimate=_strength(point),
        of_interval=None if nearer is None else _interval_strength(point, nearer),
    )


def _strength(risk_ratio: float) -> float:
    away = max(risk_ratio, 1 / risk_ratio)
    return float(away + np.sqrt(away * (away - 1)))


def _interval_strength(point: float, nearer: float) -> float:
    is_past_no_effect = nearer <= 1 if point >= 1 else nearer >= 1
    return 1.0 if is_past_no_effect else _strength(nearer)
