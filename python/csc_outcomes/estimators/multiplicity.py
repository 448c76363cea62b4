"""Many outcomes, one family of tests."""

from collections.abc import Sequence

import numpy as np


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Benjamini-Hochberg step-up adjusted p-values of one family, in the order given.

    A member without a p-value (not estimable) stays None and does not count in the family's size,
    here as in the other adjustments. Controls the expected share of false findings.
    """
    return _adjusted(p_values, "fdr_bh")


def benjamini_yekutieli(p_values: Sequence[float | None]) -> list[float | None]:
    """Step-up adjustment that holds under any dependence between the tests (2001), at most 1."""
    return _adjusted(p_values, "fdr_by")


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjustment (1979): controls the chance of any false finding."""
    return _adjusted(p_values, "holm")


def _adjusted(p_values: Sequence[float | None], method: str) -> list[float | None]:
    from statsmodels.stats.multitest import multipletests

    raw = np.array([np.nan if p is None else p for p in p_values], dtype=float)
    present = ~np.isnan(raw)
    adjusted: list[float | None] = [None] * len(raw)
    if not present.any():
        return adjusted
    _, corrected, *_ = multipletests(raw[present], method=method)
    for position, p_adjusted in zip(np.flatnonzero(present), corrected, strict=True):
        adjusted[position] = float(p_adjusted)
    return adjusted


def stars(p_value: float | None) -> str:
    """'**' below .01, '*' below .05, else nothing, as in both reports."""
    if p_value is None or np.isnan(p_value):
        return ""
    if p_value < 0.01:
        return "**"
    return "*" if p_value < 0.05 else ""
