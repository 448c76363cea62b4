"""Small draws that several files need."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from csc_outcomes.synthetic.days import IntArray, add_months, day_number


def spread(quotas: Mapping[Any, int]) -> list[Any]:
    """Each key as often as its quota says."""
    return [key for key, n in quotas.items() for _ in range(n)]


def within(rng: np.random.Generator, span: Sequence[int], n: int) -> IntArray:
    """`n` whole numbers from the first up to, and without, the last of `span`."""
    low, high = span
    return np.asarray(rng.integers(low, high, n))


def pick_shares(rng: np.random.Generator, shares: Mapping[str, float], n: int) -> list[str]:
    """`n` codes drawn by their shares, which need not add up to one."""
    weights = np.array(list(shares.values()))
    return [str(code) for code in rng.choice(list(shares), n, p=weights / weights.sum())]


def days_between(rng: np.random.Generator, span: Sequence[date], n: int) -> IntArray:
    """`n` day numbers from the first to the last day of `span`, both included."""
    first, last = (day_number(day) for day in span)
    return np.asarray(rng.integers(first, last + 1, n))


def birth_days(rng: np.random.Generator, start: IntArray, years: IntArray) -> IntArray:
    """Days of birth of children who are `years` old, in completed years, on the days `start`."""
    birthday = np.array(
        [int(add_months(day, -12 * age)) for day, age in zip(start, years, strict=True)]
    )
    return birthday - rng.integers(0, 365, len(birthday))
