"""Control of counts: which are shown, which are hidden, and to what they are rounded.

A count from 1 up to the profile's smallest is hidden. That alone gives many away: a total less the
parts that are shown is the part that is hidden. So further counts are hidden until a reader who
knows every relation among the counts, and these rules, can't narrow a small count down to fewer
than `FEWEST_VALUES` values. Method: what a reader can't rule out are the solutions of linear
equations (the relations) within bounds (a hidden count is at least 1, as none is shown as 0; a
rounded one lies in its interval). A linear programme finds the cheapest counts to hide with a given
one (Fischetti and Salazar-Gonzalez, Journal of the American Statistical Association 2000).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

from csc_outcomes.disclosure.profiles import LEVELS, SHOWN, SYMBOLS, DisclosureError, Profile

# Two possible values would let every second guess be right. Three cost one more count in a hundred;
# all five that dfe hides would cost fourteen more for every hundred hidden to protect others.
FEWEST_VALUES = 3

COLUMNS = ["scope", "cell_id", "disclosure", "disclosure_reason", "released"]
_SLACK = 1e-6
_NODES = 2000


def controlled(cells: pd.DataFrame, relations: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """What may be shown of counts that are read together.

    `cells`: one row per scope and cell_id with n (a whole number, null where it isn't applicable),
    level (`authority` or `region`) and priority (the higher, the later it is hidden to protect
    another). `relations`: scope, relation_id, cell_id, coefficient: whole numbers; the
    coefficients times the counts of one relation sum to 0. Scopes are independent.

    One row per cell, sorted by scope and cell_id: disclosure (`shown`, or the symbol of why not),
    disclosure_reason (null where shown), released (the count as it may be shown: true or rounded,
    never changed otherwise; null where hidden). A hidden count doesn't tell whether it is small or
    hides for another. DisclosureError where cells and relations don't fit together.
    """
    cells = _checked_cells(cells)
    relations = _checked_relations(relations, cells)
    hidden = np.zeros(len(cells), dtype=bool)
    small = primary(cells.n.fillna(0).to_numpy(dtype=np.int64), profile)
    for rows, matrix in _problems(cells, relations):
        if small[rows].any():
            hidden[rows] = Problem(cells.iloc[rows], matrix, profile).hidden_cells()
    return _decisions(cells, hidden, profile)


def primary(n: np.ndarray, profile: Profile) -> np.ndarray:
    """Which counts are too small to show: from 1 up to the profile's smallest; none is shown."""
    return (n > 0) & (n < profile.smallest_count)


def rounded(n: np.ndarray, base: np.ndarray | int) -> np.ndarray:
    """Whole numbers to the nearest multiple of `base`, halves up."""
    return (n + base // 2) // base * base


def interval(shown: np.ndarray, base: np.ndarray, smallest: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest count behind a number that was rounded to `base`. A 0 is a true zero, and
    any other count that is shown is at least the smallest that may be."""
    low = np.where(shown == 0, 0, np.maximum(shown - base // 2, smallest))
    high = np.where(shown == 0, 0, shown - base // 2 + base - 1)
    return low, high


class Problem:
    """Counts that relations tie together, and the search for what to hide among them.

    Solutions are written as distances from the true counts, so that the truth is 0 and relations
    have no constant. `witnesses` are solutions in whole numbers that were met: each proves values
    that a reader can't rule out."""

    def __init__(self, cells: pd.DataFrame, matrix: csr_array, profile: Profile) -> None:
        self.matrix, self.pattern = matrix, abs(matrix)
        self.pattern_back = self.pattern.T.tocsr()
        self.n = cells.n.fillna(0).to_numpy(dtype=np.int64)
        self.profile = profile
        self.base = _bases(cells, profile)
        self.small = primary(self.n, profile)
        self.hidden = self.small.copy()
        self.cost = _costs(cells.priority.to_numpy(), self.n)
        self.witnesses = np.zeros((1, len(self.n)))

    def hidden_cells(self) -> np.ndarray:
        """Which counts are hidden, as a mask in the order of the cells."""
        if self.matrix.shape[0]:
            # what is hidden later leaves a reader only more values: one pass will do
            for cell in np.flatnonzero(self.small):
                while (weak := self._unprotected(np.array([cell]), self.hidden)) is not None:
                    self._hide_for(*weak)
            self._show_again()
        return self.hidden

    def bounds(self, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest distance from the true counts that a reader can't rule out from each
        count alone, when those of a mask are hidden."""
        shown = rounded(self.n, self.base)
        smallest = self.profile.smallest_count
        low, high = interval(shown, self.base, smallest)
        # rounds to 0 without being 0 (symbol k): from the smallest shown to half the base
        vanishes = (shown == 0) & (self.n > 0)
        low = np.where(vanishes, smallest, low)
        high = np.where(vanishes, self.base - self.base // 2 - 1, high)
        low = np.where(mask, 1, np.where(self.n == 0, 0, low)) - self.n
        high = np.where(mask, np.inf, np.where(self.n == 0, 0, high) - self.n)
        return low.astype(float), high.astype(float)

    def _unprotected(self, small: np.ndarray, hidden: np.ndarray) -> tuple[int, int, int] | None:
        """The first of some small counts of which fewer than FEWEST_VALUES values are possible
        when those of a mask are hidden, with the lowest and highest distance that are."""
        low, high = self.bounds(hidden)
        known = self.witnesses[((self.witnesses >= low) & (self.witnesses <= high)).all(axis=1)]
        least, most = known.min(axis=0), known.max(axis=0)
        if (most[small] - least[small] + 1 >= FEWEST_VALUES).all():
            return None
        free = low < high
        for cell in small:
            for sign in (1, -1):
                if most[cell] - least[cell] + 1 < FEWEST_VALUES:
                    witness = self._furthest(cell, sign, self._group(cell, free), low, high)
                    least, most = np.minimum(least, witness), np.maximum(most, witness)
            if most[cell] - least[cell] + 1 < FEWEST_VALUES:
                return int(cell), int(least[cell]), int(most[cell])
        return None

    def _group(self, cell: int, free: np.ndarray) -> np.ndarray:
        """The counts that aren't known and move with one of them, itself among them."""
        reached = np.zeros(len(self.n), dtype=bool)
        reached[cell] = True
        while True:
            wider = self._next_to(reached) & free
            wider[cell] = True
            if (wider == reached).all():
                return np.flatnonzero(reached)
            reached = wider

    def _next_to(self, reached: np.ndarray) -> np.ndarray:
        return (self.pattern_back @ (self.pattern @ reached.astype(float))) > 0

    def _furthest(
        self, cell: int, sign: int, members: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> np.ndarray:
        """A solution in whole numbers in which one count is as far up or down from its true value
        as it can be; no further than it needs to. Only the members of its group move."""
        witness = np.zeros(len(self.n))
        part = self.matrix[:, members]
        part = part[np.diff(part.indptr) > 0]
        at = int(np.flatnonzero(members == cell)[0])
        least, most = low[members], high[members]
        least[at] = max(least[at], 1 - FEWEST_VALUES)
        most[at] = min(most[at], FEWEST_VALUES - 1)
        if len(members) == 1:
            if not part.shape[0]:
                witness[cell] = most[at] if sign > 0 else least[at]
            return witness
        aim = np.zeros(len(members))
        aim[at] = -sign
        # fractions first: they are seldom met, and a programme in whole numbers is slower
        for whole in (0, 1):
            found = milp(
                aim,
                integrality=np.full(len(members), whole),
                bounds=Bounds(least, most),
                constraints=LinearConstraint(part, 0, 0),
                options={"node_limit": _NODES, "presolve": False},
            )
            if found.x is None:
                return witness
            solution = np.round(found.x)
            if np.abs(found.x - solution).max() < _SLACK and not (part @ solution).any():
                witness[members] = solution
                self.witnesses = np.vstack([self.witnesses, witness])
                return witness
        return witness

    def _hide_for(self, cell: int, lowest: int, highest: int) -> None:
        """Hides the cheapest counts that leave FEWEST_VALUES values of one count possible."""
        up = self._cheapest(cell, lowest + FEWEST_VALUES - 1)
        fall = highest - FEWEST_VALUES + 1
        down = self._cheapest(cell, fall) if self.n[cell] + fall >= 1 else None
        choices = [choice for choice in (up, down) if choice is not None]
        new = min(choices, key=lambda choice: choice[0])[1] if choices else self.hidden
        if not (new & ~self.hidden).any():
            # a solution in fractions only: the cheapest count that the relations tie to it
            new = self.hidden.copy()
            new[self._nearest(cell)] = True
        self.hidden = self.hidden | new

    def _cheapest(self, cell: int, distance: int) -> tuple[float, np.ndarray] | None:
        """What it costs to let one count go that far, and which counts are then hidden."""
        low, high = self.bounds(self.n > 0)
        shown_low, shown_high = self.bounds(self.hidden)
        # up to its interval a count moves for nothing; beyond it, it is hidden
        count = len(self.n)
        free_up = np.where(self.hidden, high, np.maximum(shown_high, 0))
        free_down = np.where(self.hidden, -low, np.maximum(-shown_low, 0))
        beyond_up = np.where(self.hidden, 0, high)
        beyond_down = np.where(self.hidden, 0, np.maximum(-low - free_down, 0))
        for limits in (free_up, free_down, beyond_up, beyond_down):
            limits[cell] = 0
        free_up[cell], free_down[cell] = max(distance, 0), max(-distance, 0)
        lower = np.zeros(4 * count)
        lower[cell], lower[count + cell] = free_up[cell], free_down[cell]
        aim = np.concatenate([np.full(2 * count, 1e-3), self.cost, self.cost])
        found = milp(
            aim,
            bounds=Bounds(lower, np.concatenate([free_up, free_down, beyond_up, beyond_down])),
            constraints=LinearConstraint(
                hstack([self.matrix, -self.matrix, self.matrix, -self.matrix], format="csr"), 0, 0
            ),
        )
        if found.x is None:
            return None
        moved = found.x[2 * count : 3 * count] + found.x[3 * count :] > _SLACK
        new = self.hidden | (moved & (self.n > 0))
        return float(self.cost[new & ~self.hidden].sum()), new

    def _nearest(self, cell: int) -> int:
        """The cheapest count that is still shown, as few relations away from one as can be."""
        reached = np.zeros(len(self.n), dtype=bool)
        reached[cell] = True
        while True:
            wider = self._next_to(reached)
            near = np.flatnonzero(wider & ~self.hidden & (self.n > 0))
            if len(near):
                return int(near[np.argmin(self.cost[near])])
            if (wider == reached).all():
                raise DisclosureError(
                    "nothing_left_to_hide: hiding every count that is tied to a small one does not "
                    "protect it; look for a relation with a single count in int_release_relations"
                )
            reached = wider

    def _show_again(self) -> None:
        """Shows what turned out not to be needed, the costliest first."""
        extra = np.flatnonzero(self.hidden & ~self.small)
        for cell in extra[np.argsort(-self.cost[extra], kind="stable")]:
            low, high = self.bounds(self.hidden)
            group = self._group(cell, low < high)
            mates = group[self.small[group]]
            fewer = self.hidden.copy()
            fewer[cell] = False
            if self._unprotected(mates, fewer) is None:
                self.hidden = fewer


def _bases(cells: pd.DataFrame, profile: Profile) -> np.ndarray:
    roundings = {level: profile.rounding(level) for level in LEVELS}
    return cells.level.map(roundings).to_numpy(dtype=np.int64)


def _costs(priority: np.ndarray, n: np.ndarray) -> np.ndarray:
    """What hiding a count loses: priority first, then its size."""
    levels, rank = np.unique(priority, return_inverse=True)
    step = min(100.0, 1e4 ** (1 / max(len(levels) - 1, 1)))
    return step**rank * (1 + np.log1p(n) / 10)


def _decisions(cells: pd.DataFrame, hidden: np.ndarray, profile: Profile) -> pd.DataFrame:
    n = cells.n.fillna(0).to_numpy(dtype=np.int64)
    shown = rounded(n, _bases(cells, profile))
    symbol = np.select(
        [cells.n.isna().to_numpy(), hidden, (shown == 0) & (n > 0)], ["z", "c", "k"], SHOWN
    )
    result = cells[["scope", "cell_id"]].copy()
    result["disclosure"] = symbol
    result["disclosure_reason"] = result.disclosure.map(SYMBOLS).astype("str")
    result["released"] = pd.Series(shown, index=cells.index, dtype="Int64").where(symbol == SHOWN)
    return result[COLUMNS].reset_index(drop=True)


def _checked_cells(cells: pd.DataFrame) -> pd.DataFrame:
    cells = cells.sort_values(["scope", "cell_id"], kind="stable", ignore_index=True)
    cells["n"] = cells.n.astype("Float64")
    twice = cells.duplicated(["scope", "cell_id"])
    _refuse(cells, twice, "cell_twice", "each cell of a scope may stand in int_release_cells once")
    whole = cells.n.isna() | ((cells.n >= 0) & (cells.n % 1 == 0).fillna(False))
    _refuse(cells, ~whole, "count_invalid", "a count is a whole number of at least 0, or null")
    known = cells.level.isin(LEVELS)
    _refuse(cells, ~known, "level_unknown", f"level is one of {', '.join(LEVELS)}")
    _refuse(cells, cells.priority.isna(), "priority_missing", "give it a whole number")
    return cells


def _checked_relations(relations: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    order = ["scope", "relation_id", "cell_id"]
    relations = relations.sort_values(order, kind="stable", ignore_index=True)
    place = cells[["scope", "cell_id", "n"]].assign(row=np.arange(len(cells)))
    relations = relations.merge(place, on=["scope", "cell_id"], how="left")
    message = "a relation may name only cells of its scope in int_release_cells"
    _refuse(relations, relations.row.isna(), "cell_unknown", message)
    weighted = relations.coefficient.astype(float) * relations.n.fillna(0).astype(float)
    total = weighted.groupby([relations.scope, relations.relation_id]).transform("sum")
    message = "the coefficients times the counts must sum to 0; mend int_release_relations"
    _refuse(relations, total.abs() > _SLACK, "relation_false", message)
    return relations


def _refuse(rows: pd.DataFrame, wrong: pd.Series, code: str, message: str) -> None:
    if wrong.any():
        first = rows.loc[wrong].iloc[0]
        of = f", relation {first.relation_id}" if "relation_id" in rows else ""
        raise DisclosureError(
            f"{code}: cell {first.cell_id} of scope {first.scope}{of} "
            f"(and {int(wrong.sum()) - 1} more): {message}"
        )


def _problems(
    cells: pd.DataFrame, relations: pd.DataFrame
) -> Iterator[tuple[np.ndarray, csr_array]]:
    """Counts that relations tie together, as rows of `cells`, with their relations as a matrix of
    relations by counts."""
    if relations.empty:
        alone = np.arange(len(cells))
        yield alone, csr_array((0, len(cells)))
        return
    number = relations.groupby(["scope", "relation_id"], sort=True).ngroup().to_numpy()
    row = relations.row.to_numpy(dtype=np.int64)
    weight = relations.coefficient.to_numpy(dtype=float)
    matrix = csr_array((weight, (number, row)), shape=(number.max() + 1, len(cells)))
    for members in _by_label(_tied(matrix)):
        part = matrix[:, members]
        yield members, part[np.diff(part.indptr) > 0]


def _tied(matrix: csr_array) -> np.ndarray:
    """A label per column of a matrix: the same where rows tie columns together."""
    pattern = abs(matrix)
    both = block_array([[None, pattern], [pattern.T, None]], format="csr")
    return connected_components(both, directed=False)[1][matrix.shape[0] :]


def _by_label(label: np.ndarray) -> list[np.ndarray]:
    order = np.argsort(label, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
