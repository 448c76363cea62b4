"""Many outcomes, one family of tests."""

from collections.abc import Sequence

import numpy as np


def benjamini_hochberg(p_values: Sequence[float | None]) -> list[float | None]:
    """Benjamini-Hochberg step-up adjusted p-values of one family, in the order given.

    A member without a p-value (not estimable) stays None and does not count in the family's size.
    """
    from statsmodels.stats.multitest import multipletests

    raw = np.array([np.nan if p is None else p for p in p_values], dtype=float)
    present = ~np.isnan(raw)
    adjusted: list[float | None] = [None] * len(raw)
    if not present.any():
        return adjusted
    _, corrected, *_ = multipletests(raw[present], method="fdr_bh")
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
