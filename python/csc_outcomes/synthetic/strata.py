"""Bins of the six matching variables and the stratum they make (FACT22 report, appendix 2)."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from csc_outcomes.synthetic.days import YEAR_DAYS, BoolArray, IntArray

AGE_EDGES = (3, 7, 13)  # completed years
SIBLING_EDGES = (1, 2, 3)
REFERRAL_EDGES = (1, 3, 8)

YOUNGEST_DAYS, OLDEST_DAYS = 19, 6537  # 0.05 and 17.9 years
# Completed years follow the calendar and days / 365.25 doesn't. Ages that keep this far from an
# edge are in the same bin under either, so only the rows that are put on a birthday on purpose tell
# the two apart.
EDGE_MARGIN_DAYS = 8

_EDGE_DAYS = np.array(AGE_EDGES) * YEAR_DAYS


def age_bin(age_days: npt.ArrayLike) -> IntArray:
    """Bin 0-3 of an age in days that is clear of the edges."""
    return np.searchsorted(_EDGE_DAYS, np.asarray(age_days), side="right")


def is_fair_age(age_days: npt.ArrayLike) -> BoolArray:
    """Whether an age is a child's and clear of every edge of a bin."""
    age = np.asarray(age_days)
    is_clear = (np.abs(age[..., None] - _EDGE_DAYS) >= EDGE_MARGIN_DAYS).all(axis=-1)
    return np.asarray((age >= YOUNGEST_DAYS) & (age <= OLDEST_DAYS) & is_clear)


def age_range(bin_number: int) -> tuple[int, int]:
    """Youngest and oldest age in days, both included, that is fair and in the bin."""
    edges = [0.0, *_EDGE_DAYS, np.inf]
    youngest = max(YOUNGEST_DAYS, int(np.ceil(edges[bin_number])) + EDGE_MARGIN_DAYS)
    oldest = OLDEST_DAYS if bin_number == 3 else int(edges[bin_number + 1]) - EDGE_MARGIN_DAYS
    return youngest, oldest


def sibling_bin(siblings: npt.ArrayLike) -> IntArray:
    """Bin 0-3 of a number of siblings."""
    return np.searchsorted(SIBLING_EDGES, np.asarray(siblings), side="right")


def referral_bin(referrals: npt.ArrayLike) -> IntArray:
    """Bin 0-3 of a number of previous referrals."""
    return np.searchsorted(REFERRAL_EDGES, np.asarray(referrals), side="right")


def referral_range(bin_number: int) -> tuple[int, int]:
    """Fewest and most previous referrals of a bin; the top one has no end but for plausibility."""
    return ((0, 0), (1, 2), (3, 7), (8, 16))[bin_number]


def stratum_code(rows: pd.DataFrame) -> IntArray:
    """One number per combination of bins, from age_bin, siblings, referrals and the binaries."""
    bins = [rows["age_bin"], sibling_bin(rows["siblings"]), referral_bin(rows["referrals"])]
    binaries = [rows["female"], rows["white_british"], rows["british"]]
    return np.ravel_multi_index(
        [np.asarray(values, dtype=np.int64) for values in bins + binaries], (4, 4, 4, 2, 2, 2)
    )
