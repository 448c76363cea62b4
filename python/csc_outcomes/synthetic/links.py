"""Which treated cases a comparator serves: same stratum, near in start, open at the entry."""

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import NEVER, BoolArray, FloatArray, IntArray, add_months
from csc_outcomes.synthetic.strata import stratum_code

SHORTEST_CASE_DAYS = 14


class Links:
    """The links that comparators would have with a fixed set of treated cases."""

    def __init__(self, treated: pd.DataFrame, caliper_months: int) -> None:
        self.stratum = stratum_code(treated)
        self.entry = treated["entry"].to_numpy()
        self.caliper_from = add_months(treated["start"], -caliper_months)
        self.caliper_to = add_months(treated["start"], caliper_months)
        self._members = {
            int(code): np.flatnonzero(self.stratum == code) for code in set(self.stratum)
        }

    def reach(self, comparators: pd.DataFrame) -> BoolArray:
        """comparators x treated: linked if the comparator is still open on the day of entry."""
        start = comparators["start"].to_numpy()[:, None]
        return np.asarray(
            (stratum_code(comparators)[:, None] == self.stratum)
            & (start >= self.caliper_from)
            & (start <= self.caliper_to)
            & (start <= self.entry)
        )

    def matrix(self, comparators: pd.DataFrame) -> BoolArray:
        """comparators x treated: linked."""
        return self.reach(comparators) & (comparators["close"].to_numpy()[:, None] >= self.entry)

    def of_case(self, stratum: int, start: int, close: int) -> IntArray:
        """Positions of the treated cases that one comparator serves."""
        members = self._members.get(stratum)
        if members is None:
            return np.empty(0, dtype=np.int64)
        is_linked = (
            (start >= self.caliper_from[members])
            & (start <= self.caliper_to[members])
            & (start <= self.entry[members])
            & (close >= self.entry[members])
        )
        return members[is_linked]


def matching_weights(linked: BoolArray) -> FloatArray:
    """A treated case's weight is shared equally by its comparators, which sum their shares."""
    n_comparators = linked.sum(axis=0)
    return np.asarray((linked / np.maximum(n_comparators, 1)).sum(axis=1))


def closing_window(comparators: pd.DataFrame, links: Links) -> tuple[IntArray, IntArray]:
    """First and last closing day of each comparator that leaves its links as they are.

    It must be open when the latest case it serves enters, and closed before any other case within
    reach does; NEVER as the last day means it may stay open.
    """
    reach = links.reach(comparators)
    is_linked = reach & (comparators["close"].to_numpy()[:, None] >= links.entry)
    last_served = np.where(is_linked, links.entry, 0).max(axis=1)
    next_unserved = np.where(reach & ~is_linked, links.entry, NEVER + 1).min(axis=1)
    first = np.maximum(last_served, comparators["start"].to_numpy() + SHORTEST_CASE_DAYS)
    return first, next_unserved - 1
