"""Weighted Cox regression and weighted survival curves."""

import warnings

import numpy as np
import pandas as pd

from csc_outcomes.estimators.result import (
    Coefficients,
    FloatArray,
    IntArray,
    NotEstimableError,
    sandwich,
)
from csc_outcomes.estimators.risk_sets import SurvivalData, build_risk_sets, score_residuals

# A hazard ratio of e^10 for one standard deviation is a likelihood on its way to infinity, not a
# finding.
LARGEST_STANDARDISED_COEFFICIENT = 10.0
CURVE_COLUMNS = (
    "time_days",
    "n_at_risk",
    "n_event",
    "survival",
    "std_error",
    "ci_low",
    "ci_high",
)
# lifelines stops early on its relative criterion whenever the weighted log partial likelihood is
# positive (small samples with fractional weights: .768 where .777 is right), so only the Newton
# decrement may stop it.
ROUNDING = 1e-9
FIT_OPTIONS = {"precision": 1e-18, "r_precision": -np.inf, "max_steps": 200}


def fit_cox(
    days: FloatArray,
    has_event: IntArray,
    covariates: FloatArray,
    names: tuple[str, ...],
    weights: FloatArray,
    groups: IntArray | None = None,
    entry_days: FloatArray | None = None,
) -> Coefficients:
    """Cox log hazard ratios with Efron ties and normal inference.

    `covariates` is n x k without a constant. With `groups` (codes 0..G-1) the covariance is the
    clustered sandwich without a small-sample factor, as R's coxph prints it; without, the model's
    own. `entry_days` gives delayed entry. Raises NotEstimableError when there is no event or the
    likelihood has no finite maximum.
    """
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    if not np.any(has_event):
        raise NotEstimableError("no_events: no case ended within the time observed")
    frame = pd.DataFrame(covariates, columns=list(names))
    frame = frame.assign(_days=days, _event=has_event, _weight=weights)
    columns = {"duration_col": "_days", "event_col": "_event", "weights_col": "_weight"}
    if entry_days is not None:
        frame["_entry"] = entry_days
        columns["entry_col"] = "_entry"

    model = CoxPHFitter()
    with warnings.catch_warnings():
        # Overflow, singular matrices and failed convergence; the filters below win over this one.
        warnings.simplefilter("error", RuntimeWarning)
        # Weights of matching are never whole numbers, and newer pandas dislikes lifelines' call
        # style.
        warnings.filterwarnings("ignore", message="It appears your weights are not integers")
        warnings.filterwarnings("ignore", message="Starting with pandas version 4.0")
        try:
            model.fit(frame, **columns, fit_options=FIT_OPTIONS)
        except (ConvergenceError, RuntimeWarning):
            # lifelines' message may print rows.
            raise NotEstimableError(
                "not_converged: the hazard ratio has no stable finite value"
            ) from None
    coef = model.params_.to_numpy(dtype=float)
    if np.any(np.abs(coef) * covariates.std(axis=0) > LARGEST_STANDARDISED_COEFFICIENT):
        raise NotEstimableError("separation: the hazard ratio runs off to zero or infinity")
    covariance = model.variance_matrix_.to_numpy(dtype=float)
    if groups is not None:
        # lifelines' own sandwich is quadratic in the cases and out by up to .3 % where events tie.
        data = SurvivalData(days, has_event, covariates, weights, entry_days)
        scores = score_residuals(data, coef)
        covariance = sandwich(covariance, scores, groups, is_corrected=False)
    return Coefficients(names, coef, covariance, None)


def cox_curve(
    days: FloatArray,
    has_event: IntArray,
    covariates: FloatArray,
    weights: FloatArray,
    coef: FloatArray,
    at: FloatArray,
    entry_days: FloatArray | None = None,
) -> pd.DataFrame:
    """Survival that a Cox model implies for the covariates `at` (k): time_days and survival.

    Arrays and `coef` as in `fit_cox`. A row at day 0 and at each time of event or censoring, as in
    `kaplan_meier`. The survival is exp(-cumulative hazard), the hazard's steps Breslow's estimate
    with ties taken as Efron does, which is what R's survfit gives for a model with Efron's ties.
    """
    data = SurvivalData(days, has_event, covariates, weights, entry_days)
    sets = build_risk_sets(data, coef)
    steps = np.bincount(sets.time, sets.hazard, len(sets.times))
    survival = np.exp(-np.cumsum(steps) * np.exp((at - sets.centre) @ coef))
    curve = np.column_stack([sets.times, survival])
    if sets.times[0] > 0:
        curve = np.vstack([[0.0, 1.0], curve])
    return pd.DataFrame(curve, columns=["time_days", "survival"])


def kaplan_meier(
    days: FloatArray,
    has_event: IntArray,
    weights: FloatArray,
    groups: IntArray | None = None,
    entry_days: FloatArray | None = None,
) -> pd.DataFrame:
    """Weighted product-limit curve: a row at day 0 and at each time of event or censoring.

    With `entry_days` above 0 a case is at risk after that day only (delayed entry).

    Columns time_days, n_at_risk and n_event (weighted), survival, std_error, ci_low, ci_high (95 %,
    log-log scale; missing where survival is 1 or 0). Weights of matching are no frequencies, so
    Greenwood's formula does not hold: the standard error is the infinitesimal jackknife, over cases
    or over `groups`, which equals Greenwood's for unit weights and is what R's survfit gives for
    weights that are not whole. (lifelines' weighted curve stops short of 0 when the last weights
    are thirds.) No case gives a curve without rows.
    """
    if not len(days):
        return pd.DataFrame(columns=list(CURVE_COLUMNS), dtype=float)
    times, position = np.unique(days, return_inverse=True)
    leaving = np.bincount(position, weights, len(times))
    at_risk = np.cumsum(leaving[::-1])[::-1]
    # The place of the first time at which a case is at risk: the first time after its entry.
    start = np.zeros(len(days), dtype=np.int64)
    if entry_days is not None:
        start = np.where(entry_days > 0, np.searchsorted(times, entry_days, side="right"), 0)
        at_risk = at_risk - np.cumsum(np.bincount(start, weights, len(times) + 1)[:0:-1])[::-1]
    events: FloatArray = np.bincount(position, weights * has_event, len(times)).astype(np.float64)
    # Where everybody left has the event the curve ends at exactly 0, whatever the rounding.
    is_last = np.zeros(len(times), dtype=bool)
    is_last[-1] = bool(np.all(np.asarray(has_event)[position == len(times) - 1]))
    is_last |= (events > 0) & (at_risk - events < ROUNDING * at_risk)
    at_risk = np.maximum(at_risk, events)
    at_risk[at_risk <= 0] = np.inf  # between two spells nobody is watched and nothing happens
    survival = np.cumprod(np.where(is_last, 0.0, 1 - events / at_risk))
    std_error = survival * _log_survival_error(
        start, position, has_event, weights, groups, events, np.where(is_last, np.inf, at_risk)
    )
    at_risk[np.isinf(at_risk)] = 0.0
    steps = np.column_stack([times, at_risk, events, survival, std_error])
    if times[0] > 0:
        steps = np.vstack([[0.0, at_risk[0], 0.0, 1.0, 0.0], steps])
    curve = pd.DataFrame(steps, columns=list(CURVE_COLUMNS[:5]))
    return _with_log_log_interval(curve)


def _log_survival_error(
    start: IntArray,
    position: IntArray,
    has_event: IntArray,
    weights: FloatArray,
    groups: IntArray | None,
    events: FloatArray,
    at_risk: FloatArray,
) -> FloatArray:
    """Infinitesimal jackknife standard error of log survival at each distinct time.

    The derivative of log S(t) by a case's weight is C(min(t, exit)) - C(entry), less 1/(Y - d) at
    its own event, where C(t) sums d / (Y (Y - d)). Per cluster that is C(t) x weight at risk + a
    constant for those who entered and left.
    """
    hazard_sum = np.cumsum(events / (at_risk * (at_risk - events)))
    own = hazard_sum[position] - np.asarray(has_event) / (at_risk - events)[position]
    cluster = np.arange(len(position)) if groups is None else groups
    before_entry = np.where(start > 0, hazard_sum[start - 1], 0.0)
    # Everybody enters before the first time at which they are at risk, and leaves at their last.
    n_times = len(events)
    place = np.concatenate([2 * start, 2 * position + 1])
    member = np.concatenate([cluster, cluster])
    risk_change = np.concatenate([weights, -weights])
    left_change = np.concatenate([-weights * before_entry, weights * own])
    order = np.argsort(place, kind="stable")
    ends = np.searchsorted(place[order], 2 * np.arange(n_times) + 1, side="right")
    remaining, left = np.zeros(int(cluster.max()) + 1), np.zeros(int(cluster.max()) + 1)
    both, risk_squared, left_squared = 0.0, 0.0, 0.0
    variance = np.zeros(n_times)
    begin = 0
    for time, end in enumerate(ends):
        for row in order[begin:end]:
            who = member[row]
            before_risk, before_left = remaining[who], left[who]
            after_risk, after_left = before_risk + risk_change[row], before_left + left_change[row]
            risk_squared += after_risk**2 - before_risk**2
            left_squared += after_left**2 - before_left**2
            both += after_risk * after_left - before_risk * before_left
            remaining[who], left[who] = after_risk, after_left
        begin = end
        total = hazard_sum[time]
        variance[time] = total**2 * risk_squared + 2 * total * both + left_squared
    return np.sqrt(np.maximum(variance, 0.0))


def _with_log_log_interval(curve: pd.DataFrame) -> pd.DataFrame:
    survival, error = curve["survival"].to_numpy(), curve["std_error"].to_numpy()
    inside = (survival > 0) & (survival < 1)
    safe = np.where(inside, survival, 0.5)
    width = 1.959963984540054 * error / (safe * np.abs(np.log(safe)))
    low, high = safe ** np.exp(width), safe ** np.exp(-width)
    return curve.assign(
        ci_low=np.where(inside, low, np.nan), ci_high=np.where(inside, high, np.nan)
    )


def restricted_mean(curve: pd.DataFrame, horizon_days: float) -> float:
    """Mean days survived up to `horizon_days`: the area under the curve of `kaplan_meier`."""
    within = curve[curve["time_days"] < horizon_days]
    edges = np.append(within["time_days"].to_numpy(dtype=float), horizon_days)
    return float(np.diff(edges) @ within["survival"].to_numpy(dtype=float))


def median_days(curve: pd.DataFrame) -> float | None:
    """First time at which survival is below a half; None when it never gets there.

    Where the curve lies at exactly a half, the middle of that stretch, as R has it.
    """
    steps = curve[curve["survival"].diff().fillna(0.0) < 0]
    below = steps.loc[steps["survival"] < 0.5 - 1e-12, "time_days"]
    at_half = steps.loc[(steps["survival"] - 0.5).abs() <= 1e-12, "time_days"]
    if at_half.empty:
        return float(below.iloc[0]) if len(below) else None
    until = below.iloc[0] if len(below) else curve["time_days"].iloc[-1]
    return float((at_half.iloc[0] + until) / 2)
