"""Propensity scores and nearest neighbours, with replacement or without, as MatchIt does it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from csc_outcomes.estimators.design import independent_columns
from csc_outcomes.estimators.logit import fit_logit
from csc_outcomes.estimators.result import FloatArray, IntArray, NotEstimableError

TIE_WIDTH = 1e-12
PAIRS_AT_A_TIME = 2**21
LINK_COLUMNS = ["treated_case_id", "comparator_case_id", "rank", "distance", "gap_days"]
TIE_RULE = ["distance", "start_gap_days", "start_date", "age", "source_row"]


def propensity_scores(frame: pd.DataFrame, covariates: Sequence[str]) -> FloatArray:
    """Probability of treatment per row, from an unweighted logit of `treated` on the covariates.

    Every row needs every covariate; one that is constant or follows from earlier ones is left out.
    Raises ValueError where a covariate is missing and NotEstimableError without two arms or when
    the covariates separate them (no overlap).
    """
    values = frame[list(covariates)].to_numpy(float)
    if np.isnan(values).any():
        raise ValueError("Leave out cases without a covariate before scoring.")
    treated = frame["treated"].to_numpy(float)
    if len(np.unique(treated)) < 2:
        raise NotEstimableError("empty_arm: scores need treated and comparator cases")
    columns = {"constant": np.ones(len(frame))} | dict(zip(covariates, values.T, strict=True))
    names, _ = independent_columns(columns)
    design = np.column_stack([columns[name] for name in names])
    fitted = fit_logit(treated, design, tuple(names), np.ones(len(frame)))
    return np.asarray(1 / (1 + np.exp(-design @ fitted.coef)))


@dataclass(frozen=True)
class OpenDays:
    """When a comparator may serve: from its first to its last day, on the day a treated case
    entered. Whole days since any origin, one for every row of the cases that are matched."""

    entry: IntArray
    first: IntArray
    last: IntArray

    def of(self, rows: IntArray) -> "OpenDays":
        """Those of some of the rows."""
        return OpenDays(self.entry[rows], self.first[rows], self.last[rows])


def nearest_neighbours(
    cases: pd.DataFrame, n_neighbours: int = 3, open_days: OpenDays | None = None
) -> pd.DataFrame:
    """The comparators closest in score to each treated case, with replacement.

    `cases` has case_id, treated, score, start_date (datetime), age and source_row. Equal distances
    are settled on content, never on an id: smaller gap between the starts, then earlier start,
    younger, earlier source row. With `open_days` (of the rows of `cases`) only comparators open on
    the day of a treated case's entry serve it. Gives treated_case_id, comparator_case_id, rank (1 =
    closest), distance and gap_days (comparator start - treated start); fewer than `n_neighbours`
    where there are fewer comparators. Scores are sorted once, so time grows with the cases and the
    neighbours, not with their product.
    """
    is_treated = cases["treated"].to_numpy() == 1
    scores = cases["score"].to_numpy(float)
    rows = np.flatnonzero(is_treated)
    others = np.flatnonzero(~is_treated)
    others = others[np.argsort(scores[others], kind="stable")]
    if open_days is None:
        of_treated, of_pool = _within_reach(scores[rows], scores[others], n_neighbours)
    else:
        of_treated, of_pool = _within_reach_if_open(
            scores[rows], scores[others], n_neighbours, open_days.of(rows), open_days.of(others)
        )
    one, other = cases.iloc[rows[of_treated]], cases.iloc[others[of_pool]]
    gap = other["start_date"].to_numpy() - one["start_date"].to_numpy()
    gap_days = gap.astype("timedelta64[D]").astype(np.int64)
    candidates = pd.DataFrame(
        {
            "treated_row": of_treated,
            "treated_case_id": one["case_id"].to_numpy(),
            "comparator_case_id": other["case_id"].to_numpy(),
            # Rounded, so that scores equally far above and below count as tied.
            "distance": np.round(np.abs(other["score"].to_numpy() - one["score"].to_numpy()), 12),
            "gap_days": gap_days,
            "start_gap_days": np.abs(gap_days),
            "start_date": other["start_date"].to_numpy(),
            "age": other["age"].to_numpy(),
            "source_row": other["source_row"].to_numpy(),
        }
    )
    candidates = candidates.sort_values(["treated_row", *TIE_RULE], kind="stable")
    rank = candidates.groupby("treated_row").cumcount() + 1
    links = candidates.assign(rank=rank)[rank <= n_neighbours].reset_index(drop=True)
    return links[LINK_COLUMNS]


def _within_reach(
    treated: FloatArray, pool: FloatArray, n_neighbours: int
) -> tuple[IntArray, IntArray]:
    """Positions of treated and comparator in every pair no further apart than the last that fits.

    `pool` is sorted. More than `n_neighbours` pairs per treated case only where distances tie.
    """
    if not len(treated) or not len(pool):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    place = np.searchsorted(pool, treated)
    beside = place[:, None] + np.arange(-n_neighbours, n_neighbours)
    exists = (beside >= 0) & (beside < len(pool))
    away = np.abs(pool[np.where(exists, beside, 0)] - treated[:, None])
    fits = min(n_neighbours, len(pool)) - 1
    reach = np.sort(np.where(exists, away, np.inf), axis=1)[:, fits] + TIE_WIDTH
    first = np.searchsorted(pool, treated - reach)
    n_near = np.searchsorted(pool, treated + reach, side="right") - first
    of_treated = np.repeat(np.arange(len(treated)), n_near)
    start = np.repeat(np.cumsum(n_near) - n_near, n_near)
    return of_treated, np.repeat(first, n_near) + np.arange(len(of_treated)) - start


def _within_reach_if_open(
    treated: FloatArray, pool: FloatArray, n_neighbours: int, own: OpenDays, others: OpenDays
) -> tuple[IntArray, IntArray]:
    """As `_within_reach`, of the comparators that are open when the treated case enters.

    Looks at so many scores on either side, and at twice as many wherever these don't settle it; so
    many pairs at a time that memory stays bounded.
    """
    found_treated: list[IntArray] = [np.empty(0, dtype=np.int64)]
    found_pool: list[IntArray] = [np.empty(0, dtype=np.int64)]
    place = np.searchsorted(pool, treated)
    waiting, width = np.arange(len(treated) if len(pool) else 0), 8 * n_neighbours
    while len(waiting):
        unsettled = []
        for rows in np.array_split(waiting, len(waiting) * 2 * width // PAIRS_AT_A_TIME + 1):
            beside = place[rows, None] + np.arange(-width, width)
            exists = (beside >= 0) & (beside < len(pool))
            beside = np.where(exists, beside, 0)
            entry = own.entry[rows, None]
            serves = exists & (others.first[beside] <= entry) & (entry <= others.last[beside])
            away = np.where(serves, np.abs(pool[beside] - treated[rows, None]), np.inf)
            fits = min(n_neighbours, away.shape[1]) - 1
            reach = np.partition(away, fits, axis=1)[:, fits] + TIE_WIDTH
            low, high = place[rows] - width, place[rows] + width - 1
            sees_low = (low < 0) | (treated[rows] - pool[np.maximum(low, 0)] > reach)
            last = len(pool) - 1
            sees_high = (high > last) | (pool[np.minimum(high, last)] - treated[rows] > reach)
            is_settled = sees_low & sees_high
            unsettled.append(rows[~is_settled])
            chosen = is_settled[:, None] & serves & (away <= reach[:, None])
            at_row, at_place = np.nonzero(chosen)
            found_treated.append(rows[at_row])
            found_pool.append(beside[at_row, at_place])
        waiting, width = np.concatenate(unsettled), min(2 * width, len(pool) + 1)
    return np.concatenate(found_treated), np.concatenate(found_pool)


def neighbours_without_replacement(
    cases: pd.DataFrame, n_neighbours: int = 1, open_days: OpenDays | None = None
) -> pd.DataFrame:
    """The comparators closest in score to each treated case, none of them used twice.

    As MatchIt's default: the treated choose in order of score, largest first, and in rounds, so
    that each has its first neighbour before any has a second. Equal distances are settled as by
    `nearest_neighbours`, equal scores of treated cases on earlier start, younger, earlier source
    row. Takes and gives what `nearest_neighbours` does, `rank` being the round; treated cases for
    whom none is left have fewer rows. Choices hang on the ones before, so they are made one by one,
    each by walking outwards from the treated case's place among the sorted scores, past those
    that are taken in a step.
    """
    rows = cases.reset_index(drop=True)
    columns = ["score", *TIE_RULE[2:]]
    treated = rows[rows["treated"] == 1].sort_values(columns, ascending=[False, True, True, True])
    pool = rows[rows["treated"] == 0].sort_values("score", kind="stable")
    days = rows["start_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    shelf = _Shelf(pool, days, open_days)
    places = np.searchsorted(pool["score"].to_numpy(float), treated["score"].to_numpy(float))
    places, scores = places.tolist(), treated["score"].astype(float).tolist()
    starts = days[treated.index].tolist()
    entries = [0] * len(treated) if open_days is None else open_days.entry[treated.index].tolist()
    choosers = list(zip(treated.index.tolist(), places, scores, starts, entries, strict=True))
    links = []
    for rank in range(1, n_neighbours + 1):
        for row, place, score, start, entry in choosers:
            choice = shelf.take(place, score, start, entry)
            if choice is not None:
                links.append((row, shelf.rows[choice[0]], rank, choice[1]))
    found = pd.DataFrame(links, columns=["one", "other", "rank", "distance"])
    names = rows["case_id"].to_numpy()
    one, other = found["one"].to_numpy(np.int64), found["other"].to_numpy(np.int64)
    return found.assign(
        treated_case_id=names[one],
        comparator_case_id=names[other],
        gap_days=days[other] - days[one],
    )[LINK_COLUMNS]


class _Shelf:
    """Comparators in order of score, from which one at a time is taken."""

    def __init__(self, pool: pd.DataFrame, days: IntArray, open_days: OpenDays | None) -> None:
        self.rows: list[int] = pool.index.tolist()
        self._scores: list[float] = pool["score"].astype(float).tolist()
        self._starts: list[int] = days[pool.index].tolist()
        # A missing age comes last.
        ages = pool["age"].to_numpy(float)
        ages = np.where(np.isnan(ages), np.inf, ages)
        self._content = list(zip(self._starts, ages, pool["source_row"], strict=True))
        own = None if open_days is None else open_days.of(pool.index.to_numpy())
        self._first = None if own is None else own.first.tolist()
        self._last = None if own is None else own.last.tolist()
        # Place n + 1 stands for the n-th: where to go on from it, downwards and upwards.
        self._down = list(range(len(self.rows) + 2))
        self._up = list(range(len(self.rows) + 2))

    def take(self, place: int, score: float, start: int, entry: int) -> tuple[int, float] | None:
        """The free comparator closest to the score and its distance; it is free no more."""
        low, high = self._next(self._down, place, entry), self._next(self._up, place + 1, entry)
        nearest = min(self._away(low, score), self._away(high, score))
        if nearest == float("inf"):
            return None
        tied = []
        for steps, step in ((self._down, -1), (self._up, 1)):
            at = low if step < 0 else high
            while self._away(at, score) == nearest:
                tied.append(at)
                at = self._next(steps, at + step, entry)
        best = min(
            tied, key=lambda at: (abs(self._content[at - 1][0] - start), *self._content[at - 1])
        )
        self._down[best], self._up[best] = best - 1, best + 1
        return best - 1, nearest

    def _away(self, at: int, score: float) -> float:
        if not 0 < at <= len(self._scores):
            return float("inf")
        # Rounded, so that scores equally far above and below count as tied.
        return round(abs(self._scores[at - 1] - score), 12)

    def _next(self, steps: list[int], at: int, entry: int) -> int:
        """The first free comparator from there on that is open on the day."""
        step = -1 if steps is self._down else 1
        while True:
            at = _followed(steps, at)
            if not 0 < at <= len(self._scores) or self._first is None or self._last is None:
                return at
            if self._first[at - 1] <= entry <= self._last[at - 1]:
                return at
            at += step


def _followed(steps: list[int], at: int) -> int:
    """Where the steps from there end, shortened for the next time."""
    end = at
    while 0 <= end < len(steps) and steps[end] != end:
        end = steps[end]
    while 0 <= at < len(steps) and steps[at] != end and steps[at] != at:
        steps[at], at = end, steps[at]
    return end


def matching_weights(links: pd.DataFrame, scale: str = "per_treated") -> pd.Series:
    """Weight of every matched case, by case_id.

    Treated cases weigh 1, a comparator 1/m for each treated case it serves among m comparators.
    `scale` 'per_treated' leaves that (comparators sum to the treated); 'matchit' scales comparators
    to sum to their own number. Means and tests do not care, a censored-normal length does. Raises
    ValueError for another scale.
    """
    if scale not in ("per_treated", "matchit"):
        raise ValueError(f"Unknown scale {scale!r}; 'per_treated' or 'matchit'.")
    share = 1 / links.groupby("treated_case_id")["comparator_case_id"].transform("size")
    comparators = share.groupby(links["comparator_case_id"]).sum()
    if scale == "matchit":
        comparators *= len(comparators) / comparators.sum()
    treated = pd.Series(1.0, index=links["treated_case_id"].unique())
    return pd.concat([treated, comparators]).rename("weight").rename_axis("case_id")
