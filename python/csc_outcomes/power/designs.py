"""The design of a trial that randomises families, and what it can detect."""

from __future__ import annotations

import math
from dataclasses import dataclass

from csc_outcomes.power.formulas import FORMULAS, design_effect, rates_power

ENDS = {"increase": 1.0, "decrease": 0.0}  # how far a rate can go
MOST_FAMILIES = 10_000_000
WORDS = {"increase": "rise", "decrease": "fall"}


class PowerError(Exception):
    """A design that can't be, or a question without an answer: 'reason_code: plain sentence'."""


@dataclass(frozen=True)
class Design:
    """What is assumed of a trial, but for its size.

    `baseline` is the rate without the programme, `icc` how alike children of one family are, from 0
    (like strangers) to 1 (a family says no more than one child), `children_per_family` the mean
    over families and `family_size_cv` the coefficient of variation of their sizes. `share_treated`
    is a share of families, `alpha` two-sided. Raises PowerError where one of them can't be.
    """

    baseline: float
    icc: float
    children_per_family: float
    share_treated: float
    alpha: float = 0.05
    power: float = 0.8
    direction: str = "increase"
    formula: str = "arcsine"
    family_size_cv: float = 0.0

    def __post_init__(self) -> None:
        for value, name in (
            (self.baseline, "the baseline rate"),
            (self.share_treated, "the share treated"),
            (self.alpha, "alpha"),
            (self.power, "power"),
        ):
            _require(0 < value < 1, f"{name} must lie between 0 and 1, without either")
        _require(self.power > self.alpha, "power must be above alpha")
        _require(0 <= self.icc <= 1, "the intraclass correlation must lie between 0 and 1")
        is_size = math.isfinite(self.children_per_family) and self.children_per_family >= 1
        _require(is_size, "a family has at least one child")
        is_variation = math.isfinite(self.family_size_cv) and self.family_size_cv >= 0
        _require(is_variation, "the coefficient of variation of family sizes can't be below 0")
        _require(self.direction in ENDS, "the direction is increase or decrease")
        _require(self.formula in FORMULAS, f"the formula is one of {', '.join(FORMULAS)}")

    @property
    def design_effect(self) -> float:
        """How many children say as much as one would without families."""
        return design_effect(self.children_per_family, self.icc, self.family_size_cv)

    def effective_children(self, n_families: float) -> float:
        """The number of independent children that so many families are worth."""
        _require(
            math.isfinite(n_families) and n_families > 0, "the number of families must be above 0"
        )
        return n_families * self.children_per_family / self.design_effect

    def effective_arms(self, n_families: float) -> tuple[float, float]:
        """The same by arm, treated first."""
        n = self.effective_children(n_families)
        return n * self.share_treated, n * (1 - self.share_treated)

    def rate_after(self, difference: float) -> float:
        """The treated rate at a true difference, which is given without its sign; raises PowerError
        where no rate lies that far off."""
        _require(math.isfinite(difference) and difference > 0, "the difference must be above 0")
        sign = 1 if self.direction == "increase" else -1
        rate = self.baseline + sign * difference
        if not 0 <= rate <= 1:
            raise PowerError(
                f"beyond_the_end: from {self.baseline:.1%} there is no {WORDS[self.direction]} of "
                f"{100 * difference:.1f} percentage points, for no rate is "
                + ("above 100%" if sign > 0 else "below 0%")
            )
        return rate

    def power_at(self, n_families: float, difference: float) -> float:
        """The probability that a true difference is found."""
        return self._power(n_families, self.rate_after(difference))

    def detectable_difference(self, n_families: float) -> float:
        """The smallest true difference that is found with the wanted power, as a proportion and
        without its sign; raises PowerError where even the largest there can be is not."""
        from scipy.optimize import brentq

        end = ENDS[self.direction]
        most = self._power(n_families, end)
        if most < self.power:
            raise PowerError(
                f"no_room: even a {WORDS[self.direction]} from {self.baseline:.1%} to {end:.0%} "
                f"would be found with a power of {most:.0%} only"
            )
        rate = brentq(
            lambda rate: self._power(n_families, rate) - self.power, self.baseline, end, xtol=1e-13
        )
        return abs(float(rate) - self.baseline)

    def families_needed(self, difference: float) -> int:
        """The smallest number of families with which a true difference is found with the wanted
        power; raises PowerError where that is more than there can be."""
        rate = self.rate_after(difference)
        if self._power(MOST_FAMILIES, rate) < self.power:
            raise PowerError(
                f"too_small_a_difference: more than {MOST_FAMILIES:,} families would be needed"
            )
        low, high = 0, MOST_FAMILIES  # too few, enough
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._power(middle, rate) >= self.power else (middle, high)
        return high

    def _power(self, n_families: float, rate: float) -> float:
        sizes = self.effective_arms(n_families)
        return rates_power(self.formula, self.alpha, (rate, self.baseline), sizes)


def _require(is_so: bool, sentence: str) -> None:
    if not is_so:
        raise PowerError(f"design_invalid: {sentence}")
