"""Is one hazard ratio enough for the whole time observed?

lifelines tests this by an approximation that R gave up; this is the score test of R's cox.zph since
survival 3.0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from csc_outcomes.estimators.result import FloatArray, IntArray, NotEstimableError
from csc_outcomes.estimators.risk_sets import SurvivalData, build_risk_sets
from csc_outcomes.estimators.survival import kaplan_meier

TRANSFORMS = ("km", "rank", "identity")
TOO_FEW = "too_few_events: the events do not spread over time in both arms"


@dataclass(frozen=True)
class ProportionalHazardsTest:
    """Chi-squared score test that no coefficient drifts with (transformed) time."""

    statistic: float
    df: int
    p_value: float


def proportional_hazards_test(
    days: FloatArray,
    has_event: IntArray,
    covariates: FloatArray,
    weights: FloatArray,
    coef: FloatArray,
    transform: str = "km",
    entry_days: FloatArray | None = None,
    columns: Sequence[int] | None = None,
) -> ProportionalHazardsTest:
    """Joint test of all columns of `covariates` (n x k) at `coef`, as fitted by `survival.fit_cox`.

    `columns` tests those of one term, R's row of that name; the others stay in the model, free of
    drift. Without, it is R's GLOBAL.
    `transform` of time: 'km' (1 - survival just before, R's default), 'rank' or
    'identity' (days). Weights count, clusters do not, as in R. `entry_days` gives delayed entry, as
    in `survival.fit_cox`. Raises ValueError for another transform and NotEstimableError when there
    are too few events to tell.
    """
    from scipy.special import chdtrc

    sets = build_risk_sets(SurvivalData(days, has_event, covariates, weights, entry_days), coef)
    clock = _clock(sets.times, days, has_event, transform, entry_days)[sets.time]
    clock = clock - clock.mean()
    spread = sets.weight[:, None, None] * sets.spread
    score = (clock * sets.weight) @ (sets.observed - sets.mean)
    crossed = np.tensordot(clock, spread, 1)
    drift = np.tensordot(clock**2, spread, 1)
    tested = np.arange(len(coef)) if columns is None else np.asarray(columns, dtype=np.int64)
    block = np.ix_(tested, tested)
    try:
        variance = (drift - crossed @ np.linalg.solve(spread.sum(axis=0), crossed))[block]
        statistic = float(score[tested] @ np.linalg.solve(variance, score[tested]))
    except np.linalg.LinAlgError:
        raise NotEstimableError(TOO_FEW) from None
    if np.any(np.diag(variance) <= 1e-10 * np.diag(drift)[tested]):
        raise NotEstimableError(TOO_FEW)
    df = len(tested)
    return ProportionalHazardsTest(statistic, df, float(chdtrc(df, statistic)))


def _clock(
    times: FloatArray,
    days: FloatArray,
    has_event: IntArray,
    transform: str,
    entry_days: FloatArray | None,
) -> FloatArray:
    """Transformed time at each distinct time; R leaves weights out of this, so this does."""
    if transform == "identity":
        return times
    if transform == "rank":
        counts = np.unique(days, return_counts=True)[1]
        return np.asarray(np.cumsum(counts) - (counts - 1) / 2)
    if transform == "km":
        curve = kaplan_meier(days, has_event, np.ones(len(days)), entry_days=entry_days)
        survival = curve["survival"].to_numpy()[-len(times) :]
        return np.append(0.0, 1 - survival[:-1])
    raise ValueError(f"Unknown transform {transform!r}; one of {TRANSFORMS}.")
