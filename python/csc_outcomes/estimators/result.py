"""What an estimator hands back, and the inference every linear predictor shares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri, stdtr, stdtrit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """One row of fct_effect_estimates, as far as an estimator can know it.

    `estimate`, `std_error` and the interval are in `unit`. `df` is None where inference is normal.
    When `status` is 'not_estimable' every number of the estimate is None and `status_reason` begins
    with a stable code; when it is 'ok' the reason is None or holds notes on what was left out.
    """

    term: str
    estimate: float | None
    unit: str
    std_error: float | None
    se_type: str
    df: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    n_treated: int
    n_comparator: int
    ess_comparator: float | None
    n_clusters: int | None
    status: str
    status_reason: str | None


@dataclass(frozen=True)
class SampleSize:
    """How many cases, clusters and effective comparators an estimate rests on."""

    n_treated: int
    n_comparator: int
    ess_comparator: float | None
    n_clusters: int | None


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of a linear predictor and their covariance; `df` None: normal inference.

    `contrast_df` gives the degrees of freedom of a contrast where each has its own (Satterthwaite).
    """

    names: tuple[str, ...]
    coef: FloatArray
    covariance: FloatArray
    df: float | None
    contrast_df: Callable[[FloatArray], float] | None = None

    def freedom(self, contrast: Sequence[float] | FloatArray) -> float | None:
        """Degrees of freedom of `contrast` @ coefficients; None for normal inference."""
        if self.contrast_df is None:
            return self.df
        return self.contrast_df(np.asarray(contrast, dtype=float))

    def freedom_of(self, name: str) -> float | None:
        """Degrees of freedom of one coefficient."""
        return self.freedom(np.eye(len(self.names))[self.names.index(name)])

    def combine(self, contrast: Sequence[float] | FloatArray) -> tuple[float, float]:
        """Estimate and standard error of `contrast` @ coefficients."""
        direction = np.asarray(contrast, dtype=float)
        variance = float(direction @ self.covariance @ direction)
        return float(direction @ self.coef), float(np.sqrt(max(variance, 0.0)))

    def value(self, name: str) -> float:
        """One coefficient."""
        return float(self.coef[self.names.index(name)])

    def std_error(self, name: str) -> float:
        """Standard error of one coefficient."""
        position = self.names.index(name)
        # Without spread the variance is a rounding error of either sign.
        return float(np.sqrt(max(self.covariance[position, position], 0.0)))


class NotEstimableError(Exception):
    """The data cannot carry this estimate; the message is 'reason_code: plain sentence'."""


def check_events(n_events: int, fewest: int) -> None:
    """Raises NotEstimableError where there are fewer events than the study asks for."""
    if n_events < fewest:
        amount = f"{n_events} event{'' if n_events == 1 else 's'}"
        raise NotEstimableError(
            f"too_few_events: {amount} in both arms together, the study asks for {fewest}"
        )


def kish_ess(weights: FloatArray) -> float | None:
    """Kish effective sample size (sum w)^2 / sum w^2; None when no weight is positive."""
    squares = float(np.sum(np.square(weights)))
    return float(np.sum(weights)) ** 2 / squares if squares > 0 else None


def two_sided_p(statistic: float, df: float | None) -> float:
    """Two-sided p-value from t with `df` degrees of freedom, or from the normal when df is None."""
    tail = ndtr(-abs(statistic)) if df is None else stdtr(df, -abs(statistic))
    return float(2 * tail)


def critical_value(df: float | None, confidence: float = CONFIDENCE) -> float:
    """Half-width of a two-sided interval in standard errors."""
    quantile = 0.5 + confidence / 2
    return float(ndtri(quantile) if df is None else stdtrit(df, quantile))


def estimated(
    term: str,
    value: float,
    std_error: float,
    *,
    unit: str,
    se_type: str,
    df: float | None,
    size: SampleSize,
    is_tested: bool = True,
    note: str | None = None,
) -> Estimate:
    """An 'ok' row; `is_tested=False` (for means, where 0 is no hypothesis) leaves p out."""
    half_width = critical_value(df) * std_error
    return Estimate(
        term=term,
        estimate=value,
        unit=unit,
        std_error=std_error,
        se_type=se_type,
        df=df,
        ci_low=value - half_width,
        ci_high=value + half_width,
        p_value=two_sided_p(value / std_error, df) if is_tested else None,
        n_treated=size.n_treated,
        n_comparator=size.n_comparator,
        ess_comparator=size.ess_comparator,
        n_clusters=size.n_clusters,
        status="ok",
        status_reason=note,
    )


def not_estimable(term: str, reason: str, *, unit: str, se_type: str, size: SampleSize) -> Estimate:
    """A row that says why there is no number."""
    return Estimate(
        term=term,
        estimate=None,
        unit=unit,
        std_error=None,
        se_type=se_type,
        df=None,
        ci_low=None,
        ci_high=None,
        p_value=None,
        n_treated=size.n_treated,
        n_comparator=size.n_comparator,
        ess_comparator=size.ess_comparator,
        n_clusters=size.n_clusters,
        status="not_estimable",
        status_reason=reason,
    )


def sandwich(
    inverse_information: FloatArray,
    scores: FloatArray,
    groups: IntArray,
    is_corrected: bool = True,
) -> FloatArray:
    """Clustered covariance of a weighted likelihood: bread x meat x bread.

    `scores` are rows x parameters, already weighted; `groups` codes 0..G-1. `is_corrected`
    multiplies by G/(G-1), as Stata does.
    """
    n_groups = int(groups.max()) + 1
    sums = np.zeros((n_groups, scores.shape[1]))
    np.add.at(sums, groups, scores)
    factor = n_groups / (n_groups - 1) if is_corrected else 1.0
    return np.asarray(inverse_information @ (sums.T @ sums) @ inverse_information * factor)


def influence_covariance(
    influence: FloatArray, groups: IntArray | None, is_corrected: bool = True
) -> FloatArray:
    """Covariance of estimates from the influence of each case (n x k, summing to about 0).

    Over cases the sum of squares as it is; over `groups` (codes 0..G-1) that of their sums,
    x G/(G-1) if `is_corrected`.
    """
    if groups is None:
        return np.asarray(influence.T @ influence)
    return sandwich(np.eye(influence.shape[1]), influence, groups, is_corrected)


def arm_difference(
    value: tuple[float, float],
    influence: tuple[FloatArray, FloatArray],
    treated: FloatArray,
    groups: IntArray | None,
) -> Coefficients:
    """'constant' and 'treated' from each arm's value and influence, comparator first.

    `influence` has a row per case of its arm, in the order of the rows where `treated` is 0 or 1;
    a cluster may have cases in both arms. Normal inference, no small-sample factor.
    """
    both = np.zeros((len(treated), 2))
    both[treated == 0, 0] = influence[0]
    both[treated == 0, 1] = -influence[0]
    both[treated == 1, 1] = influence[1]
    covariance = influence_covariance(both, groups, is_corrected=False)
    coef = np.array([value[0], value[1] - value[0]])
    return Coefficients(("constant", "treated"), coef, covariance, None)
