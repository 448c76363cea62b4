"""How long cases last in the stochastic mode."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from csc_outcomes.synthetic.days import FloatArray, IntArray


@dataclass(frozen=True)
class LengthLaw:
    """Lengths in weeks: normal around `mean` with `sd`, or exponential with `mean` (no memory, `sd`
    unused).

    `mean` is one number or one per case. Without memory, what is left of a case doesn't depend on
    when it started, so a comparator that started earlier or later than its treated case is as good
    as one that started with it.
    """

    mean: float | FloatArray
    sd: float
    kind: Literal["normal", "exponential"] = "normal"

    def share_ended(self, by_days: IntArray, longer_than_days: IntArray) -> FloatArray:
        """P(length <= by | length > longer_than), zero where `by` isn't beyond."""
        beyond = self._survival(longer_than_days)
        left = self._survival(np.maximum(by_days, longer_than_days))
        return np.asarray(1 - left / beyond)

    def draw(self, uniform: FloatArray, longer_than_days: IntArray) -> FloatArray:
        """Lengths in days beyond `longer_than_days`, one for each uniform number."""
        survival = self._survival(longer_than_days) * (1 - uniform)
        if self.kind == "exponential":
            return np.asarray(-7 * self.mean * np.log(survival))
        return np.asarray(7 * (self.mean - self.sd * ndtri(survival)))

    def shifted(self, weeks: float | FloatArray) -> "LengthLaw":
        """The same law with a mean so many weeks higher."""
        return replace(self, mean=self.mean + weeks)

    def _survival(self, days: IntArray) -> FloatArray:
        weeks = np.asarray(days, dtype=float) / 7
        if self.kind == "exponential":
            return np.asarray(np.exp(-weeks / self.mean))
        # A length can be far beyond what the law expects; the floor keeps its share a number.
        return np.maximum(ndtr((self.mean - weeks) / self.sd), 1e-300)
