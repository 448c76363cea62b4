"""An attack on released counts: what a reader can work out about those that are hidden.

It knows what a reader knows: what is shown, which relations hold among the counts, and the rules of
the profile. It shares no method with the control of counts beyond those rules.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linprog
from scipy.sparse import csr_array

from csc_outcomes.disclosure.profiles import SHOWN, Profile

_SLACK = 1e-6


def attacked(
    decisions: pd.DataFrame, relations: pd.DataFrame, levels: pd.DataFrame, profile: Profile
) -> pd.DataFrame:
    """What is known of every hidden count (`c`) once relations are used.

    `decisions`: scope, cell_id, disclosure, released, as `controlled` gives them; `relations` as
    given to it; `levels`: scope, cell_id, level. One row per hidden count: scope, cell_id, lowest
    and highest (Int64; null where nothing bounds it), recovered (only one value is possible)."""
    found = []
    cells = decisions.merge(levels[["scope", "cell_id", "level"]], on=["scope", "cell_id"])
    ties = dict(list(relations.groupby("scope")))
    for scope, part in cells.groupby("scope", sort=True):
        part = part.sort_values("cell_id", ignore_index=True)
        if (part.disclosure == "c").any():
            found.append(_attacked_scope(part, ties.get(scope, relations.iloc[:0]), profile))
    columns = ["scope", "cell_id", "lowest", "highest", "recovered"]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def _attacked_scope(cells: pd.DataFrame, relations: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    low, high = _known(cells, profile)
    place = {cell: row for row, cell in enumerate(cells.cell_id)}
    columns = relations.cell_id.map(place).to_numpy(dtype=np.int64)
    rows = relations.groupby("relation_id").ngroup().to_numpy(dtype=np.int64)
    count = int(rows.max()) + 1 if len(rows) else 0
    weights = relations.coefficient.to_numpy(dtype=float)
    matrix = csr_array((weights, (rows, columns)), shape=(count, len(cells)))
    hidden = np.flatnonzero(cells.disclosure == "c")
    ends = [_ends(int(cell), matrix, low, high) for cell in hidden]
    result = cells.loc[hidden, ["scope", "cell_id"]].reset_index(drop=True)
    result["lowest"] = pd.array([least for least, _ in ends], dtype="Int64")
    result["highest"] = pd.array([most for _, most in ends], dtype="Int64")
    result["recovered"] = (result.highest <= result.lowest).fillna(False).astype(bool)
    return result


def _known(cells: pd.DataFrame, profile: Profile) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value of each count, from what is printed in its place."""
    base = cells.level.map(profile.rounding).to_numpy(dtype=np.int64)
    printed = cells.released.fillna(0).to_numpy(dtype=np.int64)
    is_rounded = (printed > 0) & (cells.disclosure == SHOWN).to_numpy()
    low = np.where(is_rounded, np.maximum(printed - base // 2, profile.smallest_count), 0.0)
    high = np.where(is_rounded, printed + (base - 1) // 2, 0.0)
    symbol = cells.disclosure.to_numpy()
    low = np.where(symbol == "c", 1, np.where(symbol == "k", profile.smallest_count, low))
    high = np.where(symbol == "c", np.inf, np.where(symbol == "k", (base - 1) // 2, high))
    return low.astype(float), high.astype(float)


def _ends(
    cell: int, matrix: csr_array, low: np.ndarray, high: np.ndarray
) -> tuple[int, int | None]:
    members, rows = _around(cell, matrix, low < high)
    if not len(rows):
        return int(low[cell]), None
    part = matrix[rows][:, members]
    known = np.setdiff1d(np.arange(len(low)), members)
    rest = -(matrix[rows][:, known] @ low[known])
    aim = (members == cell).astype(float)
    ends: list[int | None] = []
    for sign in (1, -1):
        bounds = np.column_stack([low[members], high[members]])
        found = linprog(sign * aim, A_eq=part, b_eq=rest, bounds=bounds, method="highs")
        if found.status != 0:
            ends.append(None)
        else:
            ends.append(int(sign * np.ceil(found.fun - _SLACK)))
    least = ends[0]
    return int(low[cell]) if least is None else least, ends[1]


def _around(cell: int, matrix: csr_array, unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The unknown counts that relations tie to one of them, and those relations."""
    pattern = abs(matrix)
    reached = np.zeros(matrix.shape[1], dtype=bool)
    reached[cell] = True
    while True:
        rows = (pattern @ reached.astype(float)) > 0
        wider = ((pattern.T @ rows.astype(float)) > 0) & unknown | reached
        if (wider == reached).all():
            return np.flatnonzero(reached), np.flatnonzero(rows)
        reached = wider
