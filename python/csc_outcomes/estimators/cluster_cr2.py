"""Clustered errors for few or unequal clusters: Bell and McCaffrey's CR2 with Satterthwaite df.

Bell and McCaffrey (2002), Imbens and Kolesar (2016), Pustejovsky and Tipton (2018). The variant is
that of R's clubSandwich for `lm` with weights: the working model has equal, independent errors, the
weights only weigh.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from csc_outcomes.estimators.result import FloatArray, IntArray, NotEstimableError, sandwich

# Directions of a cluster that the model fits exactly carry no residual and get no weight.
SMALLEST_EIGENVALUE = 1e-12


def cr2_covariance(
    design: FloatArray, weights: FloatArray, residuals: FloatArray, groups: IntArray
) -> tuple[FloatArray, Callable[[FloatArray], float]]:
    """Covariance (k x k) of weighted least squares, and the degrees of freedom of any contrast.

    `design` is n x k of full rank, `residuals` are unweighted (outcome - fitted), `groups` codes
    0..G-1. Time and memory are linear in n for clusters of bounded size. The function handed back
    takes a contrast (k) and raises NotEstimableError when too few clusters bear on it.
    """
    weighted = design * weights[:, None]
    bread: FloatArray = np.linalg.inv(design.T @ weighted).astype(np.float64)
    spread = bread @ (weighted.T @ weighted) @ bread
    adjusted = _adjusted_rows(design, weighted, bread, spread, groups)
    covariance = sandwich(bread, adjusted * residuals[:, None], groups, is_corrected=False)

    def freedom(contrast: FloatArray) -> float:
        along = adjusted @ (bread @ contrast)
        return _satterthwaite(along, design, weighted, bread, spread, groups)

    return covariance, freedom


def _adjusted_rows(
    design: FloatArray,
    weighted: FloatArray,
    bread: FloatArray,
    spread: FloatArray,
    groups: IntArray,
) -> FloatArray:
    """A W X, where A is the inverse root of each cluster's block of (I - H)(I - H)'."""
    lever = np.sum((design @ bread) * weighted, axis=1)
    own = 1 - 2 * lever + np.sum((design @ spread) * design, axis=1)
    root = np.where(own > SMALLEST_EIGENVALUE, own, np.inf) ** -0.5
    adjusted = weighted * root[:, None]
    order = np.argsort(groups, kind="stable")
    edges = np.searchsorted(groups[order], np.arange(int(groups.max()) + 2))
    for begin, end in pairwise(edges):
        if end - begin > 1:
            rows = order[begin:end]
            hat = design[rows] @ bread @ weighted[rows].T
            block = np.eye(len(rows)) - hat - hat.T + design[rows] @ spread @ design[rows].T
            adjusted[rows] = _inverse_root(block) @ weighted[rows]
    return adjusted


def _inverse_root(block: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh(block)
    scale = np.where(values > SMALLEST_EIGENVALUE, values, np.inf) ** -0.5
    return np.asarray((vectors * scale) @ vectors.T)


def _satterthwaite(
    along: FloatArray,
    design: FloatArray,
    weighted: FloatArray,
    bread: FloatArray,
    spread: FloatArray,
    groups: IntArray,
) -> float:
    """(tr P)^2 / tr(P P), P_ij = g_i' (I - H)_i (I - H)_j' g_j over clusters i and j.

    P is a diagonal plus U K U' with U of 2k columns, so it is never formed.
    """
    n_groups = int(groups.max()) + 1
    diagonal = np.bincount(groups, along**2, n_groups)
    sides = np.zeros((n_groups, 2 * design.shape[1]))
    np.add.at(sides, groups, np.hstack([design, weighted]) * along[:, None])
    kernel = np.block([[spread, -bread], [-bread, np.zeros_like(bread)]])
    low_rank = np.sum((sides @ kernel) * sides, axis=1)
    crossed = kernel @ (sides.T @ sides)
    trace = np.sum(diagonal + low_rank)
    squares = diagonal @ (diagonal + 2 * low_rank) + np.trace(crossed @ crossed)
    if not squares > 0 or not trace**2 / squares > 1e-6:
        raise NotEstimableError("too_few_clusters: too few clusters bear on the estimate")
    return float(trace**2 / squares)
