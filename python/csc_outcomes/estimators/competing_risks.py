"""How many have had one outcome by a time, when another outcome may come first.

Counting the other outcome as censoring (1 - Kaplan-Meier) would overstate every share. lifelines'
AalenJohansenFitter moves tied times apart at random, which changes the curve of daily data, and its
weighted variance takes weights for counts; so the curve is our own.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from csc_outcomes.estimators.result import (
    Coefficients,
    FloatArray,
    IntArray,
    NotEstimableError,
    arm_difference,
    critical_value,
)

CURVE_COLUMNS = (
    "time_days",
    "n_at_risk",
    "n_event",
    "incidence",
    "std_error",
    "ci_low",
    "ci_high",
)
ROUNDING = 1e-12
VARIANCES = ("jackknife", "delta")


@dataclass(frozen=True)
class GrayTest:
    """Chi-squared test that two groups have the same cumulative incidence of one cause."""

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True)
class _Steps:
    """Weighted counts at each distinct time; `survival` is all-cause, `before` just before it.

    Per case `start` and `position` are the first and the last of the times at which it is at risk.
    """

    times: FloatArray
    start: IntArray
    position: IntArray
    at_risk: FloatArray
    of_cause: FloatArray
    of_any: FloatArray
    survival: FloatArray
    before: FloatArray
    incidence: FloatArray


def cumulative_incidence(
    days: FloatArray,
    cause: IntArray,
    of_cause: int,
    weights: FloatArray | None = None,
    groups: IntArray | None = None,
    variance: str = "jackknife",
    entry_days: FloatArray | None = None,
) -> pd.DataFrame:
    """Aalen-Johansen share that has ended by `of_cause`, a row at day 0 and at each distinct time.

    `days` to the first end, `cause` 0 where censored and 1, 2, ... else (n each). Columns
    time_days, n_at_risk and n_event (weighted), incidence, std_error, ci_low, ci_high (95 %,
    complementary log-log scale; missing where incidence is 0 or 1). Variance 'jackknife' is the
    infinitesimal jackknife over cases or over `groups` (codes 0..G-1), right for weights that are
    no counts, as for `survival.kaplan_meier`; 'delta' is that of R's cmprsk (Aalen 1978; with
    the correction for ties), for equal weights alone. With `entry_days` above 0 a case is at risk
    after that day only (delayed entry). No case gives a curve without rows. Raises ValueError for
    another variance, for 'delta' with weights, groups or delayed entry, and for a case that ends by
    its entry.
    """
    if variance not in VARIANCES:
        raise ValueError(f"Unknown variance {variance!r}; one of {VARIANCES}.")
    is_plain = weights is None and groups is None and entry_days is None
    if variance == "delta" and not is_plain:
        raise ValueError(
            "The variance 'delta' is for unweighted, unclustered cases seen from day 0."
        )
    if not len(days):
        return pd.DataFrame(columns=list(CURVE_COLUMNS), dtype=float)
    weights = np.ones(len(days)) if weights is None else weights
    steps = _steps(days, cause, of_cause, weights, entry_days)
    if variance == "delta":
        std_error = _delta_error(steps)
    else:
        std_error = _jackknife_error(steps, cause, of_cause, weights, groups)
    at_risk = np.where(np.isinf(steps.at_risk), 0.0, steps.at_risk)
    rows = np.column_stack([steps.times, at_risk, steps.of_cause, steps.incidence, std_error])
    if steps.times[0] > 0:
        rows = np.vstack([[0.0, at_risk[0], 0.0, 0.0, 0.0], rows])
    return _with_interval(pd.DataFrame(rows, columns=list(CURVE_COLUMNS[:5])))


def incidence_at(curve: pd.DataFrame, days: float) -> tuple[float, float]:
    """Incidence and standard error of a curve of `cumulative_incidence` at one time."""
    row = curve[curve["time_days"] <= days].iloc[-1]
    return float(row["incidence"]), float(row["std_error"])


def _steps(
    days: FloatArray,
    cause: IntArray,
    of_cause: int,
    weights: FloatArray,
    entry_days: FloatArray | None = None,
) -> _Steps:
    times, position = np.unique(days, return_inverse=True)
    start = _first_at_risk(times, position, entry_days)
    at_risk = _still_there(position, weights, len(times))
    is_late = start > 0
    at_risk = at_risk - _still_there(start[is_late] - 1, weights[is_late], len(times))
    ended = _per_time(position, weights * (cause > 0), len(times))
    of_cause_ended = _per_time(position, weights * (cause == of_cause), len(times))
    # Between two spells nobody is at risk and nothing happens, whatever the rounding.
    at_risk = np.maximum(at_risk, ended)
    somebody = np.where(at_risk > ROUNDING * at_risk.max(), at_risk, np.inf)
    factor = 1 - ended / somebody
    # Exactly 0 where all who are there end.
    factor[(ended > 0) & (somebody - ended < ROUNDING * somebody)] = 0.0
    survival: FloatArray = np.cumprod(factor, dtype=np.float64)
    before = np.append(1.0, survival[:-1])
    incidence = np.cumsum(before * of_cause_ended / somebody)
    # Where all have ended in this way the sum may miss 1 by rounding.
    incidence = np.where(incidence > 1 - ROUNDING, 1.0, incidence)
    return _Steps(
        times, start, position, somebody, of_cause_ended, ended, survival, before, incidence
    )


def _first_at_risk(
    times: FloatArray, position: IntArray, entry_days: FloatArray | None
) -> IntArray:
    """Place of the first time after each case's entry."""
    if entry_days is None:
        return np.zeros(len(position), dtype=np.int64)
    start = np.where(entry_days > 0, np.searchsorted(times, entry_days, side="right"), 0)
    if np.any(start > position):
        raise ValueError("A case ends by its entry: it was never at risk.")
    return start


def _delta_error(steps: _Steps) -> FloatArray:
    """Standard error of unweighted incidence F at every time t, from independent steps v <= t.

    A cause's d events of Y at risk have variance t d / Y^2 with t = 1 - (d - 1)/(Y - 1); of the
    cause itself they move F(t) by S(v-) - S(v-)/S(v) (F(t) - F(v)), of others by the second part.
    """
    later = np.where(steps.survival > 0, steps.before / _safe(steps.survival), 0.0)
    own = _tied_variance(steps.of_cause, steps.at_risk)
    other = _tied_variance(steps.of_any - steps.of_cause, steps.at_risk)
    # Squares of (start - later F(t)), expanded so that one pass over the times is enough.
    start = steps.before + later * steps.incidence
    constant = np.cumsum(start**2 * own + (later * steps.incidence) ** 2 * other)
    linear = np.cumsum(start * later * own + later**2 * steps.incidence * other)
    square = np.cumsum(later**2 * (own + other))
    total = constant - 2 * steps.incidence * linear + steps.incidence**2 * square
    return np.sqrt(np.maximum(total, 0.0))


def _tied_variance(events: FloatArray, at_risk: FloatArray) -> FloatArray:
    ties = 1 - np.maximum(events - 1, 0) / np.maximum(at_risk - 1, 1)
    return np.asarray(ties * events / at_risk**2)


@dataclass(frozen=True)
class _Derivative:
    """The derivative of F(t) by the weight of a case is A - F(t) B.

    With dM the events of a case less those expected while it is at risk, it sums over v <= t
    S(v-)/Y dM of the cause - (F(t) - F(v)) / (Y - d) dM of any cause. So A and B grow alike, along
    `grow_a` and `grow_b` (per time), for all still at risk, and stay at `left_a` and `left_b` (per
    case) for those who left; both less `before_a` and `before_b`, what they had grown to before
    the case was at risk.
    """

    grow_a: FloatArray
    grow_b: FloatArray
    left_a: FloatArray
    left_b: FloatArray
    before_a: FloatArray
    before_b: FloatArray


def _derivative(steps: _Steps, cause: IntArray, of_cause: int) -> _Derivative:
    first = steps.before / steps.at_risk
    is_open = steps.survival > 0
    second = np.where(is_open, 1 / np.where(is_open, steps.at_risk - steps.of_any, 1.0), 0.0)
    expected = second * steps.of_any / steps.at_risk
    grow_a = -np.cumsum(first * steps.of_cause / steps.at_risk + steps.incidence * expected)
    grow_b = -np.cumsum(expected)
    at, ended = steps.position, cause > 0
    left_a = grow_a[at] + (cause == of_cause) * first[at] + ended * (steps.incidence * second)[at]
    left_b = grow_b[at] + ended * second[at]
    before_a, before_b = (np.append(0.0, grown)[steps.start] for grown in (grow_a, grow_b))
    return _Derivative(grow_a, grow_b, left_a, left_b, before_a, before_b)


def _jackknife_error(
    steps: _Steps,
    cause: IntArray,
    of_cause: int,
    weights: FloatArray,
    groups: IntArray | None,
) -> FloatArray:
    """Root of the sum of squares, over clusters, of weight x derivative; linear in the cases."""
    by = _derivative(steps, cause, of_cause)
    sums = _cluster_products(steps, by, weights, groups)
    reach = by.grow_a - steps.incidence * by.grow_b
    variance = (
        reach**2 * sums["risk risk"]
        + 2 * reach * (sums["risk a"] - steps.incidence * sums["risk b"])
        + sums["a a"]
        - 2 * steps.incidence * sums["a b"]
        + steps.incidence**2 * sums["b b"]
    )
    return np.sqrt(np.maximum(variance, 0.0))


def incidence_difference(
    days: FloatArray,
    cause: IntArray,
    of_cause: int,
    treated: FloatArray,
    weights: FloatArray,
    at_days: float,
    groups: IntArray | None = None,
    entry_days: FloatArray | None = None,
) -> Coefficients:
    """Weighted cumulative incidence by `at_days` (fixed beforehand): comparators' and difference.

    Coefficients 'constant' and 'treated' (proportions), normal inference, infinitesimal jackknife
    over cases or `groups`, which may span the arms; `entry_days` as there. Raises NotEstimableError
    for an empty arm or one that is not watched until `at_days`.
    """
    values, influences = [], []
    for arm in (0, 1):
        used = treated == arm
        _check_watched(days[used], cause[used], at_days)
        entry = None if entry_days is None else entry_days[used]
        steps = _steps(days[used], cause[used], of_cause, weights[used], entry)
        value, derivative = _value_at(steps, cause[used], of_cause, at_days)
        values.append(value)
        influences.append(weights[used] * derivative)
    return arm_difference((values[0], values[1]), (influences[0], influences[1]), treated, groups)


def _value_at(
    steps: _Steps, cause: IntArray, of_cause: int, at_days: float
) -> tuple[float, FloatArray]:
    """Incidence at one time and its derivative by the weight of each case."""
    last = int(np.searchsorted(steps.times, at_days, side="right")) - 1
    if last < 0:
        return 0.0, np.zeros(len(cause))
    value = float(steps.incidence[last])
    by = _derivative(steps, cause, of_cause)
    has_left = steps.position <= last
    grown_a = np.where(has_left, by.left_a, by.grow_a[last]) - by.before_a
    grown_b = np.where(has_left, by.left_b, by.grow_b[last]) - by.before_b
    return value, np.where(steps.start <= last, grown_a - value * grown_b, 0.0)


def _check_watched(days: FloatArray, cause: IntArray, at_days: float) -> None:
    if not len(days):
        raise NotEstimableError("empty_arm: the difference needs treated and comparator cases")
    last = days.max()
    if last < at_days and np.any(cause[days == last] == 0):
        raise NotEstimableError("short_follow_up: an arm is not watched for as long as asked")


def _cluster_products(
    steps: _Steps, by: _Derivative, weights: FloatArray, groups: IntArray | None
) -> dict[str, FloatArray]:
    """Sums over clusters, after each time, of products of what is at risk and of what is settled.

    A case moves after the last time it is at risk, and before the first unless it is there from
    the start.
    """
    n_times = len(steps.times)
    cluster = np.arange(len(weights)) if groups is None else groups
    is_late = steps.start > 0
    place = np.concatenate([2 * steps.position + 1, 2 * steps.start[is_late]])
    order = np.argsort(place, kind="stable")
    moves = pd.DataFrame(
        {
            "risk": np.concatenate([-weights, weights[is_late]]),
            "a": np.concatenate([weights * by.left_a, -(weights * by.before_a)[is_late]]),
            "b": np.concatenate([weights * by.left_b, -(weights * by.before_b)[is_late]]),
        }
    ).iloc[order]
    place, mover = place[order], np.concatenate([cluster, cluster[is_late]])[order]
    at_first = np.bincount(cluster, np.where(is_late, 0.0, weights))
    after = moves.groupby(mover).cumsum()
    after["risk"] += at_first[mover]
    before = after - moves
    sums = {}
    for one, other in (
        ("risk", "risk"), ("risk", "a"), ("risk", "b"), ("a", "a"), ("a", "b"), ("b", "b"),
    ):  # fmt: skip
        change = (after[one] * after[other] - before[one] * before[other]).to_numpy()
        start = float(at_first @ at_first) if one == other == "risk" else 0.0
        sums[f"{one} {other}"] = start + np.cumsum(_per_time(place // 2, change, n_times))
    return sums


def _with_interval(curve: pd.DataFrame) -> pd.DataFrame:
    incidence, error = curve["incidence"].to_numpy(), curve["std_error"].to_numpy()
    inside = (incidence > 0) & (incidence < 1)
    free = np.where(inside, 1 - incidence, 0.5)
    width = critical_value(None) * error / (free * np.abs(np.log(free)))
    with np.errstate(over="ignore", under="ignore"):  # an interval that reaches 1
        low, high = 1 - free ** np.exp(-width), 1 - free ** np.exp(width)
    return curve.assign(
        ci_low=np.where(inside, low, np.nan), ci_high=np.where(inside, high, np.nan)
    )


def gray_test(days: FloatArray, cause: IntArray, of_cause: int, treated: FloatArray) -> GrayTest:
    """Gray's test (Annals of Statistics 1988, rho = 0) of two arms, as R's cmprsk has it.

    Compares the subdistribution hazards of `of_cause`; arrays as in `cumulative_incidence`,
    `treated` 0/1. It counts cases: there is no accepted version for weights or clusters - with
    those, compare the curves at a time fixed beforehand (`incidence_difference`). Raises
    NotEstimableError for an empty arm, without an event of the cause or where it cannot vary.
    """
    from scipy.special import chdtrc

    arms = [treated == value for value in (0, 1)]
    if not all(arm.any() for arm in arms):
        raise NotEstimableError("empty_arm: the test needs treated and comparator cases")
    if not np.any(cause == of_cause):
        raise NotEstimableError("no_events: no case ended in this way within the time observed")
    times = np.unique(days)
    paths = [_path(days[arm], cause[arm], of_cause, times) for arm in arms]
    score, variance = _gray_score(paths)
    if not variance > 1e-12:
        raise NotEstimableError("too_few_events: the events leave nothing to compare")
    statistic = score**2 / variance
    return GrayTest(statistic, 1, float(chdtrc(1, statistic)))


@dataclass(frozen=True)
class _Path:
    """One arm at every time of both: at risk, events, just-before and after curves."""

    at_risk: FloatArray
    of_cause: FloatArray
    of_other: FloatArray
    survival: FloatArray
    before: FloatArray
    incidence_before: FloatArray


def _path(days: FloatArray, cause: IntArray, of_cause: int, times: FloatArray) -> _Path:
    position = np.searchsorted(times, days)
    at_risk = _still_there(position, np.ones(len(days)), len(times))
    of_cause_ended = _per_time(position, (cause == of_cause).astype(float), len(times))
    ended = _per_time(position, (cause > 0).astype(float), len(times))
    survival: FloatArray = np.cumprod(1 - ended / _safe(at_risk), dtype=np.float64)
    before = np.append(1.0, survival[:-1])
    incidence = np.cumsum(before * of_cause_ended / _safe(at_risk))
    return _Path(
        at_risk=at_risk,
        of_cause=of_cause_ended,
        of_other=ended - of_cause_ended,
        survival=survival,
        before=before,
        incidence_before=np.append(0.0, incidence[:-1]),
    )


def _gray_score(paths: list[_Path]) -> tuple[float, float]:
    """Score of the first arm and its variance (Gray 1988, section 2).

    R = Y (1 - F) / S, both just before, stands for those at risk of the subdistribution; Y / S
    spreads the pooled incidence. An arm's events of the cause enter the score directly and through
    the pooled curve that the score compares with (`passed`), others only through the latter.
    """
    exposure = [_share(path.at_risk, path.before) for path in paths]
    at_stake = [
        part * (1 - path.incidence_before) for part, path in zip(exposure, paths, strict=True)
    ]
    events = paths[0].of_cause + paths[1].of_cause
    total, total_at_stake = exposure[0] + exposure[1], at_stake[0] + at_stake[1]
    score = float(np.sum(paths[0].of_cause - events * at_stake[0] / _safe(total_at_stake)))

    pooled = np.cumsum(events / _safe(total))
    pooled_before = np.append(0.0, pooled[:-1])
    direct = exposure[0] * (1 - exposure[0] / _safe(total))
    variance = 0.0
    for sign, own, path in zip((1.0, -1.0), exposure, paths, strict=True):
        reach = sign * direct * (path.at_risk > 0)
        passed = np.cumsum(reach * events / (_safe(total) * _safe(1 - pooled_before)))
        ahead = passed[-1] - passed
        free = np.where(path.survival > 0, (1 - pooled) / _safe(path.survival), 0.0)
        is_open = path.at_risk > 0
        weight = reach + np.where(path.survival > 0, 1 - free, 1.0) * ahead
        of_cause = _cause_variance(events, total, own, path)
        other = _tied_variance(path.of_other, _safe(path.at_risk)) * path.before**2
        variance += np.sum((weight**2 * of_cause + (free * ahead) ** 2 * other)[is_open])
    return score, float(variance)


def _cause_variance(
    events: FloatArray, total: FloatArray, exposure: FloatArray, path: _Path
) -> FloatArray:
    """Variance of an arm's incidence step under the null: its share of all events of the cause."""
    pooled_size = _safe(total) * path.before
    ties = 1 - np.maximum(events - 1, 0) / np.where(pooled_size > 1, pooled_size - 1, np.inf)
    return np.asarray(ties * path.before * events / (_safe(total) * _safe(path.at_risk)))


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.where(part > 0, part / _safe(whole), 0.0)


def _safe(values: FloatArray) -> FloatArray:
    return np.where(values > 0, values, 1.0)


def _per_time(position: IntArray, values: FloatArray, n_times: int) -> FloatArray:
    return np.bincount(position, values, n_times).astype(np.float64)


def _still_there(position: IntArray, values: FloatArray, n_times: int) -> FloatArray:
    """Sums over those who leave at each time or later."""
    return np.cumsum(_per_time(position, values, n_times)[::-1])[::-1]
