"""Draws of one family: quick single draws from a seeded numpy generator."""

from bisect import bisect
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
BATCH = 128


class Weighted(Generic[T]):
    """Options with weights, to be drawn from many times."""

    def __init__(self, weights: dict[T, float]) -> None:
        self.options = tuple(weights)
        total = sum(weights.values())
        self.bounds = tuple(accumulate(weight / total for weight in weights.values()))[:-1]


class Draws:
    """Draws that depend on the seed and the number of a family alone, however many are made."""

    def __init__(self, seed: int, number: int) -> None:
        self._rng = np.random.default_rng([seed, number])
        self._batch: list[float] = []

    def uniform(self) -> float:
        """A number from 0 to below 1."""
        if not self._batch:
            self._batch = self._rng.random(BATCH).tolist()
        return self._batch.pop()

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.uniform() < probability

    def days(self, least: int, most: int) -> timedelta:
        """A whole number of days, both ends included."""
        return timedelta(days=least + int(self.uniform() * (most - least + 1)))

    def weighted(self, options: Weighted[T]) -> T:
        """An option by its weight."""
        return options.options[bisect(options.bounds, self.uniform())]

    def some(self, options: Sequence[T], least: int, most: int) -> tuple[T, ...]:
        """Different options, in their own order."""
        number = least + int(self.uniform() * (most - least + 1))
        left = list(range(len(options)))
        for _ in range(len(options) - number):
            left.pop(int(self.uniform() * len(left)))
        return tuple(options[place] for place in left)


def weekday(day: date) -> date:
    """`day`, or the Monday after where it falls on a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)
