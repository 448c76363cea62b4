"""Small numbers of events: exact intervals of a share and of an odds ratio."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from csc_outcomes.estimators.result import CONFIDENCE, NotEstimableError

ARMS = ("treated", "comparator")


@dataclass(frozen=True)
class ExactOddsRatio:
    """Odds ratio of a table of two arms, its 95 % interval and Fisher's p-value."""

    odds_ratio: float
    ci_low: float
    ci_high: float
    p_value: float


def exact_odds_ratio(counts: Sequence[Sequence[int]]) -> ExactOddsRatio:
    """Conditional maximum likelihood odds ratio, exact interval and Fisher's two-sided test.

    `counts` are two rows, treated and comparator, of cases with and without the event. As R's
    fisher.test: all margins are given, the interval puts 2.5 % into either tail (Cornfield 1956),
    and the p-value sums the tables that are no likelier than this one. Raises NotEstimableError
    where every case or none has the event, or where the ratio is infinite; the reason then holds
    the p-value and the lower end of the interval, which stand all the same.
    """
    from scipy.stats import fisher_exact
    from scipy.stats.contingency import odds_ratio

    table = np.asarray(counts, dtype=np.int64)
    for column, amount in ((0, "no"), (1, "every")):
        if table[:, column].sum() == 0:
            raise NotEstimableError(f"no_variation: {amount} case has the event")
    p_value = float(fisher_exact(table, alternative="two-sided").pvalue)
    fitted = odds_ratio(table, kind="conditional")
    low, high = fitted.confidence_interval(CONFIDENCE)
    if table[0, 1] == 0 or table[1, 0] == 0:
        what = "every treated" if table[0, 1] == 0 else "no comparator"
        raise NotEstimableError(
            f"separation: {what} case has the event, so the odds ratio is infinite "
            f"(Fisher's exact p = {p_value:.4f}, 95 % interval from {low:.3f} upwards)"
        )
    return ExactOddsRatio(float(fitted.statistic), float(low), float(high), p_value)


def exact_share_interval(n_events: int, n: int) -> tuple[float, float]:
    """95 % interval of Clopper and Pearson (1934) for `n_events` of `n` cases, n at least 1."""
    from scipy.stats import binomtest

    interval = binomtest(n_events, n).proportion_ci(CONFIDENCE, method="exact")
    return float(interval.low), float(interval.high)
