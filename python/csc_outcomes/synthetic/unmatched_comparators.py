"""Step 7: the eligible comparators that serve nobody."""

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.covariates import draw_age_days, negative_binomial, shuffle_binaries
from csc_outcomes.synthetic.days import NEVER, BoolArray, IntArray
from csc_outcomes.synthetic.facts import StudyDays, StudyFacts
from csc_outcomes.synthetic.links import SHORTEST_CASE_DAYS, Links
from csc_outcomes.synthetic.luck import choose, redraw_until
from csc_outcomes.synthetic.strata import age_bin

STOCK_SHARE = 0.38  # open on the study start; the others start later
STOCK_MEAN_AGE_DAYS = 305
LENGTH_WEEKS = (39, 32)  # mean and standard deviation
LONG_OPEN_DAYS = 500  # beyond this a normal length has nothing left to say


def draw_unmatched_comparators(
    rng: np.random.Generator, matched: pd.DataFrame, links: Links, facts: StudyFacts
) -> pd.DataFrame:
    """What the matched rows leave of the quotas, redrawn until no row serves a treated case."""
    days, quota = facts.days, facts.samples["eligible_comparators"].quota
    taken = {"n": len(matched), **matched[["white_british", "british", "female"]].sum()}
    left = {name: int(quota[name] - taken[name]) for name in quota}
    rows = shuffle_binaries(rng, **left).assign(is_late=False, is_frozen=False)

    def draw(some: pd.DataFrame) -> pd.DataFrame:
        n = len(some)
        start = _draw_start(rng, n, days)
        age_days = draw_age_days(rng, n)
        drawn = {
            "start": start,
            "close": _draw_close(rng, start, days),
            "age_days": age_days,
            "age_bin": age_bin(age_days),
            "siblings": negative_binomial(rng, 1.70, 2.2, n),
            "referrals": negative_binomial(rng, 2.12, 1.8, n),
        }
        return pd.DataFrame(drawn, index=some.index)

    def serves_nobody(some: pd.DataFrame) -> BoolArray:
        return np.asarray(~links.matrix(some).any(axis=1))

    rows = redraw_until(rows, draw, serves_nobody)
    return place_on_boundaries(rng, rows, links, days)


def place_on_boundaries(
    rng: np.random.Generator, rows: pd.DataFrame, links: Links, days: StudyDays
) -> pd.DataFrame:
    """Boundary rows: the first and last plan start, and closures on the days that decide.

    They serve nobody, so no printed figure but the counts of eligible cases can tell them from
    others; the counts do.
    """
    day_after = days.end + 1 + rng.integers(days.as_of - days.end, size=2)
    same_day = rng.integers(days.start, days.latest_plan_start, size=2)
    placed = [
        {"start": days.earliest_plan_start, "close": days.start + 60},
        {"start": days.latest_plan_start},
        {"close": days.start},
        {"close": days.start},
        {"close": days.end},
        {"close": days.end},
        {"close": int(day_after[0])},
        {"close": int(day_after[1])},
        {"start": int(same_day[0]), "close": int(same_day[0])},
        {"start": int(same_day[1]), "close": int(same_day[1])},
    ]
    rows = rows.copy()
    for dates in placed:
        row = _row_that_may_take(rng, rows, links, dates)
        rows.loc[row, list(dates)] = list(dates.values())
        rows.loc[row, "is_frozen"] = True
    return rows


def _row_that_may_take(
    rng: np.random.Generator, rows: pd.DataFrame, links: Links, dates: dict[str, int]
) -> int:
    """A row that still serves nobody with these dates."""
    as_placed = rows.assign(**dates)
    length = as_placed["close"] - as_placed["start"]
    is_sound = (length >= SHORTEST_CASE_DAYS) | (length == 0)
    serves_nobody = ~links.matrix(as_placed).any(axis=1)
    candidates = rows.index[(is_sound & ~rows["is_frozen"]).to_numpy() & serves_nobody]
    return int(choose(rng, candidates, 1, "a boundary row's dates")[0])


def _draw_start(rng: np.random.Generator, n: int, days: StudyDays) -> IntArray:
    """Stock at the study start with an exponential age, then a steady inflow."""
    start = np.zeros(n, dtype=np.int64)
    is_bad = np.ones(n, dtype=bool)
    while is_bad.any():
        n_bad = int(is_bad.sum())
        stock = days.start - np.floor(rng.exponential(STOCK_MEAN_AGE_DAYS, n_bad)).astype(np.int64)
        inflow = rng.integers(days.start, days.latest_plan_start, n_bad)
        start[is_bad] = np.where(rng.random(n_bad) < STOCK_SHARE, stock, inflow)
        is_bad = start < days.earliest_plan_start
    return start


def _draw_close(rng: np.random.Generator, start: IntArray, days: StudyDays) -> IntArray:
    """A normal length, truncated so that the case was open in the study; NEVER after its end."""
    shortest = np.maximum(days.start - start, SHORTEST_CASE_DAYS)
    length = np.zeros(len(start), dtype=np.int64)
    is_short = np.ones(len(start), dtype=bool)
    while is_short.any():
        normal = 7 * rng.normal(*LENGTH_WEEKS, int(is_short.sum()))
        length[is_short] = np.floor(normal).astype(np.int64)
        is_short = (length < shortest) & (shortest < LONG_OPEN_DAYS)
    beyond = shortest + np.floor(rng.exponential(150, len(start))).astype(np.int64)
    close = start + np.where(shortest >= LONG_OPEN_DAYS, beyond, length)
    return np.where(close > days.end, NEVER, close)
