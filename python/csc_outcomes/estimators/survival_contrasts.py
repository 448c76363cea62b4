"""Two survival curves compared: restricted mean difference and log-rank test."""

from dataclasses import dataclass

import numpy as np

from csc_outcomes.estimators.result import (
    Coefficients,
    FloatArray,
    IntArray,
    NotEstimableError,
    arm_difference,
)
from csc_outcomes.estimators.survival import kaplan_meier, restricted_mean


@dataclass(frozen=True)
class LogRankTest:
    """Chi-squared test of equal hazards; `method` 'counts' or 'robust' says how it was weighted."""

    statistic: float
    df: int
    p_value: float
    method: str


def longest_horizon(days: FloatArray, has_event: IntArray, treated: FloatArray) -> float:
    """The last day up to which both curves are known and not both at 0."""
    return min(_watched_until(days, has_event, treated), float(days.max()))


def _watched_until(days: FloatArray, has_event: IntArray, treated: FloatArray) -> float:
    """The last day up to which both curves are known; an arm in which all ended sets no limit."""
    limits = []
    for arm in (0, 1):
        used = treated == arm
        last = float(days[used].max())
        all_ended = np.all(np.asarray(has_event)[used & (days == last)] == 1)
        limits.append(np.inf if all_ended else last)
    return min(limits)


def restricted_mean_difference(
    days: FloatArray,
    has_event: IntArray,
    treated: FloatArray,
    weights: FloatArray,
    horizon_days: float,
    groups: IntArray | None = None,
) -> Coefficients:
    """Mean days up to `horizon_days`, the comparators' and the difference to the treated.

    Areas under the weighted curves of `kaplan_meier`, arrays of n as there. Coefficients
    'constant' and 'treated' in days, normal inference. The covariance is the infinitesimal
    jackknife over cases (equal to the area form of Greenwood's for unit weights) or over
    `groups`, which may span the arms. Raises NotEstimableError for an empty arm or one not watched
    up to the horizon, ValueError unless the horizon is positive.
    """
    if not horizon_days > 0:
        raise ValueError("The horizon must be a positive number of days.")
    if len(np.unique(treated)) < 2:
        raise NotEstimableError("empty_arm: the difference needs treated and comparator cases")
    if horizon_days > _watched_until(days, has_event, treated):
        raise NotEstimableError("short_follow_up: an arm is not watched up to the horizon")
    arms = [
        _restricted_mean(days[used], np.asarray(has_event)[used], weights[used], horizon_days)
        for used in (treated == 0, treated == 1)
    ]
    (mean0, influence0), (mean1, influence1) = arms
    return arm_difference((mean0, mean1), (influence0, influence1), treated, groups)


def _restricted_mean(
    days: FloatArray, has_event: IntArray, weights: FloatArray, horizon: float
) -> tuple[float, FloatArray]:
    """Area A(0) under the curve and weight x its derivative by each case's weight.

    With A(v) the area from v to the horizon, that is the sum over v up to the case's end of
    A(v) d / (Y (Y - d)), less A(v) / (Y - d) at its own event.
    """
    curve = kaplan_meier(days, has_event, weights)
    mean = restricted_mean(curve, horizon)
    times, position = np.unique(days, return_inverse=True)
    curve = curve.iloc[-len(times) :]
    survival, at_risk, events = curve[["survival", "n_at_risk", "n_event"]].to_numpy().T
    widths = np.diff(np.append(np.minimum(times, horizon), horizon))
    area = np.cumsum((survival * widths)[::-1])[::-1]
    # Where all end there is no area left, and nothing to divide by.
    per_case = np.where(area > 0, area / np.where(area > 0, at_risk - events, 1.0), 0.0)
    grown = np.cumsum(per_case * events / at_risk)
    return mean, weights * (grown[position] - has_event * per_case[position])


def log_rank_test(
    days: FloatArray,
    has_event: IntArray,
    treated: FloatArray,
    weights: FloatArray | None = None,
    groups: IntArray | None = None,
    entry_days: FloatArray | None = None,
) -> LogRankTest:
    """Log-rank test of two arms; arrays of n, `treated` 0/1.

    Without weights and groups the usual one (hypergeometric variance, ties as R's survdiff). With
    either, observed - expected is weighted and its variance robust: the sum over
    cases or clusters (codes 0..G-1) of squared score contributions, no small-sample factor (Lin
    and Wei 1989, at no effect). Taking weights of matching for counts, as lifelines does, would
    get the variance wrong. With `entry_days` above 0 a case is at risk after that day only. Raises
    NotEstimableError for an empty arm or without events to compare.
    """
    from scipy.special import chdtrc

    if len(np.unique(treated)) < 2:
        raise NotEstimableError("empty_arm: the test needs treated and comparator cases")
    if not np.any(has_event):
        raise NotEstimableError("no_events: no case ended within the time observed")
    is_counted = weights is None and groups is None
    used = np.ones(len(days)) if weights is None else weights
    steps = _log_rank_steps(days, np.asarray(has_event), treated, used, entry_days)
    scores = steps.scores(used)
    variance = steps.counted_variance() if is_counted else _squares(scores, groups)
    if not variance > 1e-12 * float(used @ used):
        raise NotEstimableError("too_few_events: no event tells apart the arms while both are seen")
    statistic = float(scores.sum()) ** 2 / variance
    method = "counts" if is_counted else "robust"
    return LogRankTest(statistic, 1, float(chdtrc(1, statistic)), method)


def _squares(scores: FloatArray, groups: IntArray | None) -> float:
    sums = scores if groups is None else np.bincount(groups, scores)
    return float(sums @ sums)


@dataclass(frozen=True)
class _LogRankSteps:
    """Per case the first and the last of the distinct times at which it is at risk; per time the
    weighted counts."""

    start: IntArray
    position: IntArray
    has_event: IntArray
    treated: FloatArray
    at_risk: FloatArray
    events: FloatArray
    share: FloatArray  # of the treated among those at risk

    def scores(self, weights: FloatArray) -> FloatArray:
        """Contribution of each case to observed - expected events of the treated.

        Its own event and its exposure, each compared with the treated share of those at risk.
        """
        hazard = self.events / self.at_risk
        exposure = self.treated * self._while_at_risk(hazard)
        exposure = exposure - self._while_at_risk(hazard * self.share)
        surprise = self.has_event * (self.treated - self.share[self.position])
        return np.asarray(weights * (surprise - exposure))

    def _while_at_risk(self, per_time: FloatArray) -> FloatArray:
        total = np.append(0.0, np.cumsum(per_time))
        return np.asarray(total[self.position + 1] - total[self.start])

    def counted_variance(self) -> float:
        """Hypergeometric variance of observed - expected, for weights of 1."""
        ties = (self.at_risk - self.events) / np.maximum(self.at_risk - 1, 1)
        return float(np.sum(self.events * ties * self.share * (1 - self.share)))


def _log_rank_steps(
    days: FloatArray,
    has_event: IntArray,
    treated: FloatArray,
    weights: FloatArray,
    entry_days: FloatArray | None,
) -> _LogRankSteps:
    times, position = np.unique(days, return_inverse=True)
    start = np.zeros(len(days), dtype=np.int64)
    if entry_days is not None:
        start = np.where(entry_days > 0, np.searchsorted(times, entry_days, side="right"), 0)
    n = len(times)
    at_risk, treated_at_risk = (
        _from_here_on(position, part, n) - _from_here_on(start, part, n + 1)[1:]
        for part in (weights, weights * treated)
    )
    events = np.bincount(position, weights * has_event, n).astype(np.float64)
    # Between two spells nobody is at risk and nothing happens.
    at_risk = np.where(events > 0, at_risk, 1.0)
    return _LogRankSteps(
        start, position, has_event, treated, at_risk, events, treated_at_risk / at_risk
    )


def _from_here_on(position: IntArray, values: FloatArray, n_times: int) -> FloatArray:
    sums = np.bincount(position, values, n_times).astype(np.float64)
    return np.asarray(np.cumsum(sums[::-1])[::-1])
