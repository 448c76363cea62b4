"""When a maximum likelihood estimate runs off to infinity."""

from collections.abc import Sequence

import numpy as np

from csc_outcomes.estimators.result import FloatArray

# The solver keeps constraints to 1e-7; a genuine direction moves some row far more than that.
MOVEMENT = 1e-4


def free_direction(
    at_least_zero: FloatArray, equal_zero: FloatArray | None = None
) -> FloatArray | None:
    """A direction d with A d >= 0 in every row of A, strictly in one, and E d = 0, or None.

    Along such a direction a log-likelihood never falls, so no finite maximum exists
    (Albert and Anderson 1984; solved as a linear programme after Konis 2007). Both arguments are
    rows x parameters.
    """
    from scipy.optimize import linprog

    held = np.empty((0, at_least_zero.shape[1])) if equal_zero is None else equal_zero
    scale = np.abs(np.vstack([at_least_zero, held])).max(axis=0)
    scale[scale == 0] = 1.0
    inequality = np.unique(at_least_zero / scale, axis=0)
    equality = np.unique(held / scale, axis=0)
    solution = linprog(
        -inequality.sum(axis=0),
        A_ub=-inequality,
        b_ub=np.zeros(len(inequality)),
        A_eq=equality,
        b_eq=np.zeros(len(equality)),
        bounds=(-1, 1),
        method="highs",
    )
    if solution.status != 0:
        raise ArithmeticError(f"The separation check did not solve: {solution.message}")
    moves = (inequality @ solution.x).max() > MOVEMENT
    return np.asarray(solution.x) if moves else None


def separating_terms(
    events: FloatArray, design: FloatArray, names: Sequence[str]
) -> list[str] | None:
    """Names of the columns that separate 0/1 `events`, fully or nearly; None when none do."""
    direction = free_direction(np.where(events > 0.5, 1.0, -1.0)[:, None] * design)
    if direction is None:
        return None
    return [
        name
        for name, part in zip(names, direction, strict=True)
        if abs(part) > MOVEMENT and name != "constant"
    ]
