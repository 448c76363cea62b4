"""Propensity scores and nearest neighbours, with replacement or without, as MatchIt does it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from csc_outcomes.estimators.design import independent_columns
from csc_outcomes.estimators.logit import fit_logit
from csc_outcomes.estimators.result import FloatArray, IntArray, NotEstimableError

BoolArray = NDArray[np.bool_]
TIE_WIDTH = 1e-12
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


def nearest_neighbours(cases: pd.DataFrame, n_neighbours: int = 3) -> pd.DataFrame:
    """The comparators closest in score to each treated case, with replacement.

    `cases` has case_id, treated, score, start_date (datetime), age and source_row. Equal distances
    are settled on content, never on an id: smaller gap between the starts, then earlier start,
    younger, earlier source row. Gives treated_case_id, comparator_case_id, rank (1 = closest),
    distance and gap_days (comparator start - treated start); fewer than `n_neighbours` where there
    are fewer comparators.
    """
    treated = cases[cases["treated"] == 1].reset_index(drop=True)
    pool = cases[cases["treated"] == 0].sort_values("score", kind="stable").reset_index(drop=True)
    of_treated, of_pool = _within_reach(
        treated["score"].to_numpy(float), pool["score"].to_numpy(float), n_neighbours
    )
    one, other = treated.iloc[of_treated], pool.iloc[of_pool]
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


def neighbours_without_replacement(
    cases: pd.DataFrame,
    n_neighbours: int = 1,
    may_serve: Callable[[Any, pd.DataFrame], BoolArray] | None = None,
) -> pd.DataFrame:
    """The comparators closest in score to each treated case, none of them used twice.

    As MatchIt's default: the treated choose in order of score, largest first, and in rounds, so
    that each has its first neighbour before any has a second. Equal distances are settled as by
    `nearest_neighbours`, equal scores of treated cases on earlier start, younger, earlier source
    row. `may_serve` tells of the comparators which may serve a treated case, by default all. Takes
    and gives what `nearest_neighbours` does, `rank` being the round; treated cases for whom none is
    left have fewer rows. Memory is linear, time treated x comparators.
    """
    columns = ["score", *TIE_RULE[2:]]
    treated = cases[cases["treated"] == 1].sort_values(columns, ascending=[False, True, True, True])
    pool = cases[cases["treated"] == 0].reset_index(drop=True)
    scores = pool["score"].to_numpy(float)
    is_free = np.ones(len(pool), dtype=bool)
    links = []
    for rank in range(1, n_neighbours + 1):
        for one in treated.itertuples():
            fits = is_free if may_serve is None else is_free & may_serve(one, pool)
            if not fits.any():
                continue
            # Rounded, so that scores equally far above and below count as tied.
            distance = np.where(fits, np.round(np.abs(scores - one.score), 12), np.inf)
            nearest = np.flatnonzero(distance == distance.min())
            choice = nearest[0] if len(nearest) == 1 else _first_by_content(pool, nearest, one)
            is_free[choice] = False
            other = pool.iloc[choice]
            gap_days = (other["start_date"] - one.start_date).days
            links.append((one.case_id, other["case_id"], rank, distance[choice], gap_days))
    return pd.DataFrame(links, columns=LINK_COLUMNS)


def _first_by_content(pool: pd.DataFrame, positions: IntArray, one: Any) -> int:
    tied = pool.iloc[positions]
    gap = (tied["start_date"] - one.start_date).abs()
    return int(tied.assign(start_gap_days=gap).sort_values(TIE_RULE[1:]).index[0])


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
