"""The smallest effects that a sample can tell from none: two-sided 5 %, power 80 %."""

from __future__ import annotations

from csc_outcomes.power import formulas
from csc_outcomes.power.formulas import design_effect, detectable_rate

__all__ = ["design_effect", "detectable_effect", "detectable_rate"]

ALPHA = 0.05
POWER = 0.8


def detectable_effect(n_treated: float, n_comparator: float) -> float:
    """The smallest standardised difference at these two; see `formulas.detectable_effect`."""
    return formulas.detectable_effect(n_treated, n_comparator, ALPHA, POWER)
