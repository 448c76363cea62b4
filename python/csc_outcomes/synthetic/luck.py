"""Drawing until it fits: redraws, small moves to a total, picks that add up to a weight."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import BoolArray, FloatArray, IntArray


class OutOfLuckError(Exception):
    """This sub-seed's draws can't be made to fit; the next one may. The message names the step."""


def redraw_until(
    rows: pd.DataFrame,
    draw: Callable[[pd.DataFrame], pd.DataFrame],
    is_good: Callable[[pd.DataFrame], BoolArray],
    max_rounds: int = 3000,
) -> pd.DataFrame:
    """`rows` with the columns that `draw` gives, redrawn where they are not good until all are."""
    rows = rows.assign(**draw(rows))
    for _ in range(max_rounds):
        is_bad = ~is_good(rows)
        if not is_bad.any():
            return rows
        again = draw(rows[is_bad])
        rows.loc[is_bad, again.columns] = again
    raise OutOfLuckError(f"{int(is_bad.sum())} rows found no draw that fits")


def nudge_to_total(
    rng: np.random.Generator,
    values: IntArray,
    weights: FloatArray,
    *,
    total: float,
    tolerance: float,
    max_step: int,
    may_move: BoolArray,
    is_allowed: Callable[[int, int], bool],
    max_moves: int = 400_000,
) -> IntArray:
    """Move single values by small steps until weights @ values is within `tolerance` of `total`.

    A row that `may_move` keeps a move when it shrinks the gap and `is_allowed(row, new_value)`.
    Raises OutOfLuckError after `max_moves` tries.
    """
    values = values.copy()
    movable = np.flatnonzero(may_move)
    gap = total - float(weights @ values)
    for _ in range(max_moves):
        if abs(gap) <= tolerance:
            return values
        row = int(movable[rng.integers(len(movable))])
        step = int(rng.integers(-max_step, max_step + 1))
        shift = step * float(weights[row])
        if abs(gap - shift) < abs(gap) and is_allowed(row, int(values[row]) + step):
            values[row] += step
            gap -= shift
    raise OutOfLuckError(f"small moves left a gap of {gap:.1f} to the total")


def pick_to_weight(
    rng: np.random.Generator,
    ordered: Sequence[int] | IntArray,
    weights: FloatArray,
    *,
    total: float,
    n_rows: int | None = None,
    tolerance: float = 0.01,
    max_swaps: int = 5000,
) -> IntArray:
    """Rows from the front of `ordered` whose weights sum to `total`, give or take `tolerance`.

    As many are taken as the total holds, or exactly `n_rows`; then random swaps with the rows left
    over close the gap. `weights` is indexed by the entries of `ordered`.
    """
    ordered = np.asarray(ordered, dtype=np.int64)
    sums = np.cumsum(weights[ordered])
    n_taken = int(np.searchsorted(sums, total + tolerance)) if n_rows is None else n_rows
    taken, left = ordered[:n_taken].copy(), ordered[n_taken:].copy()
    gap = total - float(weights[taken].sum())
    for _ in range(max_swaps):
        if abs(gap) <= tolerance:
            return taken
        if not len(taken) or not len(left):
            break
        out, into = int(rng.integers(len(taken))), int(rng.integers(len(left)))
        change = float(weights[left[into]] - weights[taken[out]])
        if abs(gap - change) < abs(gap):
            taken[out], left[into] = left[into], taken[out]
            gap -= change
    raise OutOfLuckError(f"no pick of rows comes within {tolerance} of weight {total}")


def choose(rng: np.random.Generator, candidates: pd.Index, n: int, purpose: str) -> IntArray:
    """`n` different rows of `candidates`; OutOfLuckError with the purpose when there are fewer."""
    if len(candidates) < n:
        raise OutOfLuckError(f"too few cases for {purpose}")
    return np.asarray(rng.choice(candidates.to_numpy(), n, replace=False))
