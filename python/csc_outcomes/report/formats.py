"""Numbers as readers see them: British English, units said, a true minus sign."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

MINUS = "\N{MINUS SIGN}"
NONE = "\N{EN DASH}"
DIGITS = {"number": 2, "percent": 1, "points": 1, "gbp": 2, "p_value": 3, "integer": 0}

# The symbols of the Department for Education's open data standards, and what they mean.
SYMBOLS = {
    "c": "hidden, because it could identify somebody",
    "z": "not applicable",
    "x": "not available",
    "k": "rounds to nothing but isn't nothing",
    "u": "too unreliable to show",
}


def is_missing(value: Any) -> bool:
    """Whether the value is null, of whatever kind."""
    return value is None or bool(pd.isna(value))


def shown(value: Any, kind: str = "text", digits: int | None = None) -> str:
    """The value as text: `percent` and `points` take proportions, `gbp` pounds.

    Raises ValueError for a number that is null: what stands there instead is for the caller.
    """
    if kind == "text":
        return NONE if is_missing(value) or str(value) == "" else str(value)
    if is_missing(value):
        raise ValueError("a null has no text")
    if kind == "flag":
        return "yes" if value else "no"
    if kind == "date":
        return _date(value)
    if kind == "p_value":
        return p_value(float(value))
    places = DIGITS[kind] if digits is None else digits
    number = float(value) * (100 if kind in ("percent", "points") else 1)
    if math.isinf(number):
        return "unlimited" if number > 0 else f"{MINUS}unlimited"
    text = f"{abs(number):,.{places}f}"
    sign = MINUS if number < 0 and float(text.replace(",", "")) != 0 else ""
    return f"{sign}{'£' if kind == 'gbp' else ''}{text}{'%' if kind == 'percent' else ''}"


def p_value(value: float) -> str:
    """A p-value to three places, or that it lies below .001."""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _date(value: Any) -> str:
    """The day as 22 November 2019."""
    day = pd.Timestamp(value)
    return f"{day.day} {day:%B} {day.year}"


def listed(words: list[str], last: str = "and") -> str:
    """The words as a list in a sentence."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
