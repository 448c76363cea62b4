"""Step 8: children with two cases, one after the other."""

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import NEVER, BoolArray, IntArray
from csc_outcomes.synthetic.luck import OutOfLuckError
from csc_outcomes.synthetic.strata import age_bin, is_fair_age

# (earlier case is matched, later case is matched): number of children
REPEAT_CHILDREN = {(True, True): 4, (True, False): 3, (False, True): 3, (False, False): 40}
SHORTEST_BREAK_DAYS = 10
ROOM_TO_CLOSE_DAYS = 10  # beyond the first day on which the earlier case may close


def pair_repeat_children(
    rng: np.random.Generator, comparators: pd.DataFrame, first_close: IntArray
) -> pd.DataFrame:
    """Make pairs of comparator rows the cases of one child, and freeze their starts and covariates.

    `first_close` is the first day each row may close; rows that aren't matched close when they do.
    Adds `child`, `next_case` (the row of the child's later case, -1 where there is none),
    `must_close_by` and `is_repeat`.
    """
    earlier, later = _choose_pairs(rng, comparators, first_close)
    n = len(comparators)
    start, age_days = comparators["start"].to_numpy(), comparators["age_days"].to_numpy(copy=True)
    age_days[later] = age_days[earlier] + start[later] - start[earlier]
    child, next_case = np.arange(n), np.full(n, -1)
    child[later], next_case[earlier] = earlier, later
    must_close_by = np.full(n, NEVER)
    must_close_by[earlier] = start[later] - SHORTEST_BREAK_DAYS
    is_repeat = np.isin(np.arange(n), np.concatenate([earlier, later]))
    return comparators.assign(
        age_days=age_days,
        child=child,
        next_case=next_case,
        must_close_by=must_close_by,
        is_repeat=is_repeat,
        is_frozen=comparators["is_frozen"] | is_repeat,
    )


def _choose_pairs(
    rng: np.random.Generator, rows: pd.DataFrame, first_close: IntArray
) -> tuple[IntArray, IntArray]:
    """Earlier and later row of so many children of each kind, no row twice."""
    is_matched = rows["is_matched"].to_numpy()
    is_free = ~rows["is_frozen"].to_numpy()
    pairs = []
    for (earlier_matched, later_matched), n_children in REPEAT_CHILDREN.items():
        n_found = 0
        for earlier in rng.permutation(np.flatnonzero(is_free & (is_matched == earlier_matched))):
            is_partner = is_free & (is_matched == later_matched)
            partners = np.flatnonzero(is_partner & _may_follow(rows, earlier, first_close[earlier]))
            if n_found == n_children:
                break
            if is_free[earlier] and len(partners):
                pairs.append((earlier, rng.choice(partners)))
                is_free[list(pairs[-1])] = False
                n_found += 1
        if n_found < n_children:
            raise OutOfLuckError("too few comparator rows that could be one child's")
    earlier_rows, later_rows = np.array(pairs).T
    return earlier_rows, later_rows


def _may_follow(rows: pd.DataFrame, earlier: int, first_close: int) -> BoolArray:
    """Rows that could be the same child's next case: alike, older, referred more often."""
    row = rows.iloc[earlier]
    later_age = row["age_days"] + rows["start"] - row["start"]
    stays_in_bin = is_fair_age(later_age) & (age_bin(later_age) == rows["age_bin"])
    return np.asarray(
        (rows["start"] >= first_close + ROOM_TO_CLOSE_DAYS + SHORTEST_BREAK_DAYS)
        & (rows["referrals"] > row["referrals"])
        & (rows["female"] == row["female"])
        & (rows["white_british"] == row["white_british"])
        & (rows["british"] == row["british"])
        & stays_in_bin
    )
