"""Effect on the treated from matched neighbours, with the standard error of Abadie and Imbens."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from csc_outcomes.estimators.result import (
    Estimate,
    FloatArray,
    IntArray,
    NotEstimableError,
    SampleSize,
    check_events,
    estimated,
    kish_ess,
    not_estimable,
)

SE_TYPE = "abadie_imbens"
FEWEST_TREATED = 2


def neighbours_with_ties(
    cases: pd.DataFrame, n_neighbours: int = 3, tolerance: float = 1e-5
) -> pd.DataFrame:
    """The closest comparators with replacement, all of those tied with the last one included.

    As R's Matching: distance is the squared difference of scores in standard deviations of all
    cases, and counts as tied within `tolerance`, so a coarse tolerance more than doubles the
    neighbours. `cases` has case_id, treated and score. Gives treated_case_id,
    comparator_case_id and weight (1 over the neighbours of that treated case). No order of cases
    or rule on ties bears on it. Time grows with the cases and the links, memory by about 100 bytes
    a link: scores of few values tie each treated case with many comparators, and a nation's cases
    with fifty values have too many links for memory.
    """
    names = cases["case_id"].to_numpy()
    is_treated = cases["treated"].to_numpy() == 1
    order, first, last = _neighbour_ranges(cases, n_neighbours, tolerance)
    n = last - first
    own = names[is_treated]
    start = np.repeat(np.cumsum(n) - n, n)
    at = np.repeat(first, n) + np.arange(int(n.sum())) - start
    # Comparators in the order in which they came.
    links = pd.DataFrame({"one": np.repeat(np.arange(len(own)), n), "other": order[at]})
    links = links.sort_values(["one", "other"])
    chosen = {
        "treated_case_id": own[links["one"]],
        "comparator_case_id": names[~is_treated][links["other"]],
        "weight": np.repeat(1 / n[n > 0], n[n > 0]),
    }
    return pd.DataFrame(chosen)


def _neighbour_ranges(
    cases: pd.DataFrame, n_neighbours: int, tolerance: float
) -> tuple[IntArray, IntArray, IntArray]:
    """The comparators in order of score, and each treated case's first and last (not included)
    among them."""
    scores = cases["score"].to_numpy(float)
    is_treated = cases["treated"].to_numpy() == 1
    deviation = (scores.std(ddof=1) if len(scores) > 1 else 0.0) or 1.0
    pool = scores[~is_treated] / deviation
    order = np.argsort(pool, kind="stable")
    pool, own = pool[order], scores[is_treated] / deviation
    if not len(pool):
        nobody = np.zeros(len(own), np.int64)
        return order, nobody, nobody
    fits = min(n_neighbours, len(pool))
    beside = np.searchsorted(pool, own)[:, None] + np.arange(-fits, fits)
    exists = (beside >= 0) & (beside < len(pool))
    distance = (pool[np.where(exists, beside, 0)] - own[:, None]) ** 2
    reach = np.sort(np.where(exists, distance, np.inf), axis=1)[:, fits - 1] + tolerance
    first = np.searchsorted(pool, own - np.sqrt(reach), "left")
    last = np.searchsorted(pool, own + np.sqrt(reach), "right")
    # The root is rounded: the squared distance itself decides at either end.
    for ends, steps in ((first, (0, -1)), (last, (-1, 0))):
        while True:
            inner, outer = (np.clip(ends + step, 0, len(pool) - 1) for step in steps)
            grows = ((pool[outer] - own) ** 2 <= reach) & (outer == ends + steps[1])
            shrinks = ((pool[inner] - own) ** 2 > reach) & (inner == ends + steps[0]) & ~grows
            if not (grows | shrinks).any():
                break
            sign = 1 if ends is last else -1
            ends += sign * (grows.astype(np.int64) - shrinks.astype(np.int64))
    return order, first, np.maximum(first, last)


def matched_effect(
    links: pd.DataFrame,
    values: Mapping[str, float] | pd.Series,
    unit: str = "proportion",
    fewest_events: int = 0,
) -> Estimate:
    """Mean difference between each treated case and its neighbours, 'treated', normal inference.

    `links` has treated_case_id, comparator_case_id and weight (summing to 1 by treated case);
    `values` gives the outcome by case_id, in `unit`. A treated case without a value, and a
    neighbour without one, is left out and noted; the others' weights are scaled up. The variance
    is Abadie and Imbens' (Econometrica 2006) for the population's effect on the treated with equal
    error variances, R's Matching with its defaults: with y the differences, K the sum of a
    comparator's weights and K2 that of their squares, [sum (y - mean y)^2 + sigma^2 sum
    (K^2 - K2)] / n^2, where 2 sigma^2 is the weighted mean of (difference of a pair - mean y)^2.
    It counts matching with replacement, but neither several cases of a child nor that the score
    was estimated (Abadie and Imbens 2016). The bootstrap does not work here (2008). Thin data, and
    shares of fewer than `fewest_events` events, give a row with status and reason.
    """
    pairs, notes = _complete_pairs(links, pd.Series(values, dtype=float))
    size = _size(pairs)
    try:
        if unit == "proportion":
            check_events(_n_events(pairs), fewest_events)
        value, error = _effect_and_error(pairs)
    except NotEstimableError as cause:
        return not_estimable("treated", str(cause), unit=unit, se_type=SE_TYPE, size=size)
    note = "; ".join(notes) or None
    return estimated(
        "treated", value, error, unit=unit, se_type=SE_TYPE, df=None, size=size, note=note
    )


def _complete_pairs(links: pd.DataFrame, values: pd.Series) -> tuple[pd.DataFrame, list[str]]:
    pairs = links.assign(
        one=links["treated_case_id"].map(values), other=links["comparator_case_id"].map(values)
    )
    complete = pairs.dropna(subset=["one", "other"])
    n_lost = len(pairs) - len(complete)
    notes = [f"missing_outcome: {n_lost} matched pairs left out"] if n_lost else []
    share = complete["weight"] / complete.groupby("treated_case_id")["weight"].transform("sum")
    return complete.assign(weight=share), notes


def _n_events(pairs: pd.DataFrame) -> int:
    """Cases with a value of 1 in both arms, each counted once."""
    treated = pairs.loc[pairs["one"] == 1, "treated_case_id"].nunique()
    return int(treated + pairs.loc[pairs["other"] == 1, "comparator_case_id"].nunique())


def _size(pairs: pd.DataFrame) -> SampleSize:
    used = pairs.groupby("comparator_case_id")["weight"].sum().to_numpy(float)
    n_treated = pairs["treated_case_id"].nunique()
    return SampleSize(n_treated, len(used), kish_ess(used), None)


def _effect_and_error(pairs: pd.DataFrame) -> tuple[float, float]:
    if pairs.empty:
        raise NotEstimableError("empty_arm: no treated case has a neighbour")
    n_treated = pairs["treated_case_id"].nunique()
    if n_treated < FEWEST_TREATED:
        raise NotEstimableError("too_few_cases: only one matched treated case")
    weight = pairs["weight"].to_numpy(float)
    gap = pairs["one"].to_numpy(float) - pairs["other"].to_numpy(float)
    by_treated = pd.Series(weight * gap).groupby(pairs["treated_case_id"].to_numpy()).sum()
    effect = float(by_treated.mean())
    spread = float(((by_treated - effect) ** 2).sum())
    sigma_squared = float(weight @ (gap - effect) ** 2) / n_treated / 2
    variance = (spread + sigma_squared * _reuse(pairs, weight)) / n_treated**2
    if not variance > 1e-24 * (1 + effect**2):
        raise NotEstimableError("no_variation: every pair has the same difference")
    return effect, float(np.sqrt(variance))


def _reuse(pairs: pd.DataFrame, weight: FloatArray) -> float:
    """Sum over comparators of K^2 - K2: 0 where nobody is used twice."""
    used = pd.DataFrame({"once": weight, "squared": weight**2})
    sums = used.groupby(pairs["comparator_case_id"].to_numpy()).sum()
    return float((sums["once"] ** 2 - sums["squared"]).sum())
