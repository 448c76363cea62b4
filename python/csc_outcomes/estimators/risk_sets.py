"""Who was at risk at each event: behind Cox score residuals and the proportional-hazards test."""

from dataclasses import dataclass

import numpy as np

from csc_outcomes.estimators.result import FloatArray, IntArray


@dataclass(frozen=True)
class RiskSets:
    """One row per event; of d tied events, Efron's l-th (from 0) finds l/d of their risk gone.

    `time` is the position among `times`, `gone` is l/d, `hazard` the step of the baseline hazard,
    `mean` and `spread` the covariates' mean and covariance over those at risk, `observed` the mean
    covariates of the events tied there and `weight` their mean weight. Covariates count from their
    weighted mean `centre`.
    """

    times: FloatArray
    time: IntArray
    gone: FloatArray
    hazard: FloatArray
    mean: FloatArray
    spread: FloatArray
    observed: FloatArray
    weight: FloatArray
    centre: FloatArray


@dataclass(frozen=True)
class SurvivalData:
    """Arrays of a Cox model, `covariates` n x k; `entry_days` None: all are there from day 0."""

    days: FloatArray
    has_event: IntArray
    covariates: FloatArray
    weights: FloatArray
    entry_days: FloatArray | None = None


def build_risk_sets(data: SurvivalData, coef: FloatArray) -> RiskSets:
    """Risk sets at `coef`, in linear time; a case is at risk after its entry, up to its exit."""
    times, position = np.unique(data.days, return_inverse=True)
    ended = np.asarray(data.has_event) == 1
    centre = np.average(data.covariates, axis=0, weights=data.weights)
    centred = data.covariates - centre
    # Sums over cases of 1, x and x x' serve mean and spread at once.
    moments = np.column_stack(
        [np.ones(len(centred)), centred, outer(centred).reshape(len(centred), -1)]
    )
    at_stake = moments * (data.weights * np.exp(centred @ coef))[:, None]
    at_risk = _from_here_on(position, at_stake, len(times))
    if data.entry_days is not None:
        not_yet = np.searchsorted(times, data.entry_days, side="right") - 1
        at_risk = at_risk - _from_here_on(not_yet, at_stake, len(times))
    tied = _per_time(position[ended], at_stake[ended], len(times))
    own = _per_time(position[ended], (moments * data.weights[:, None])[ended], len(times))

    n_tied = np.bincount(position[ended], minlength=len(times))
    time = np.repeat(np.arange(len(times)), n_tied)
    order = np.arange(len(time)) - np.repeat(np.cumsum(n_tied) - n_tied, n_tied)
    gone = order / n_tied[time]
    seen = at_risk[time] - tied[time] * gone[:, None]
    k = centred.shape[1]
    mean = seen[:, 1 : k + 1] / seen[:, :1]
    square = (seen[:, k + 1 :] / seen[:, :1]).reshape(-1, k, k)
    weight = own[time, 0] / n_tied[time]
    return RiskSets(
        times=times,
        time=time,
        gone=gone,
        hazard=weight / seen[:, 0],
        mean=mean,
        spread=square - outer(mean),
        observed=own[time, 1 : k + 1] / own[time, :1],
        weight=weight,
        centre=centre,
    )


def score_residuals(data: SurvivalData, coef: FloatArray) -> FloatArray:
    """Weighted contribution of each case to the score of the partial likelihood (n x k), Efron."""
    sets = build_risk_sets(data, coef)
    n_times = len(sets.times)
    position = np.searchsorted(sets.times, data.days)
    centred = data.covariates - sets.centre
    risk = (data.weights * np.exp(centred @ coef))[:, None]
    ended = (np.asarray(data.has_event) == 1)[:, None]

    step = np.column_stack([sets.hazard, sets.hazard[:, None] * sets.mean])
    passed = np.cumsum(_per_time(sets.time, step, n_times), axis=0)
    spared = _per_time(sets.time, step * sets.gone[:, None], n_times)
    exposure = passed[position] - ended * spared[position]
    if data.entry_days is not None:
        before = np.searchsorted(sets.times, data.entry_days, side="right")
        exposure = exposure - np.vstack([np.zeros(passed.shape[1]), passed])[before]

    n_tied = np.maximum(np.bincount(sets.time, minlength=n_times), 1)[:, None]
    expected = _per_time(sets.time, sets.mean, n_times) / n_tied
    surprise = ended * data.weights[:, None] * (centred - expected[position])
    return np.asarray(surprise - risk * (centred * exposure[:, :1] - exposure[:, 1:]))


def outer(rows: FloatArray) -> FloatArray:
    """x x' of every row x (n x k x k)."""
    return np.asarray(rows[:, :, None] * rows[:, None, :])


def _per_time(position: IntArray, rows: FloatArray, n_times: int) -> FloatArray:
    sums = np.zeros((n_times, rows.shape[1]))
    np.add.at(sums, position, rows)
    return sums


def _from_here_on(position: IntArray, rows: FloatArray, n_times: int) -> FloatArray:
    """Sums over the rows at each time or later; rows before the first time (-1) drop out."""
    within = position >= 0
    sums = _per_time(position[within], rows[within], n_times)
    return np.asarray(np.cumsum(sums[::-1], axis=0)[::-1])
