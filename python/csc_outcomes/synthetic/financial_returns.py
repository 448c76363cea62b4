"""Made-up monthly returns of a programme, from which the printed weekly costs come back.

What is printed is in the prices of one year and for the days of the study: each month's share of
the total is turned back into whole months of pounds of the day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import FloatArray
from csc_outcomes.synthetic.luck import OutOfLuckError

HEADERS = ("month", "category", "line", "amount_gbp")


@dataclass(frozen=True)
class ReturnFacts:
    """What was spent and how it is drawn; `weekly_gbp` by category as printed."""

    total_gbp: float
    price_base_year: int
    monthly_growth: float
    monthly_spread: float
    journal: dict[str, Any]
    weekly_gbp: dict[str, float]


@dataclass(frozen=True)
class Month:
    """A month of the return: the share of its days in the study, and its price over the base's."""

    start: pd.Timestamp
    share: float
    price: float


def months_of_study(
    start: pd.Timestamp, end: pd.Timestamp, index: Mapping[str, float], base: float
) -> list[Month]:
    """Every month from `start` to `end`, both days in the study.

    `index` gives the price index by ISO first day of the month, `base` that of the base year.
    Raises KeyError with the month where the index has none.
    """
    months = []
    for first in pd.date_range(start.replace(day=1), end, freq="MS"):
        last = first + pd.offsets.MonthEnd(0)
        days = (min(last, end) - max(first, start)).days + 1
        price = index[f"{first:%Y-%m-%d}"] / base
        months.append(Month(first, days / last.day, price))
    return months


def financial_return_rows(
    rng: np.random.Generator,
    returns: ReturnFacts,
    months: list[Month],
    n_cases: int,
    case_weeks: float,
) -> pd.DataFrame:
    """One row per month and category and one journal, text under `HEADERS`; months as `Apr-18`.

    Pounds of the day with pence. Raises OutOfLuckError where rounding to pence moved a printed
    figure.
    """
    printed = returns.weekly_gbp
    # What is printed is rounded and adds up to more than the total: each category gives up as much.
    gap = (sum(printed.values()) - returns.total_gbp / case_weeks) / len(printed)
    shares = np.array([month.share for month in months])
    prices = np.array([month.price for month in months])
    amounts = {}
    for category, weekly in printed.items():
        profile = shares * _profile(rng, len(months), returns)
        real = (weekly - gap) * case_weeks * profile / profile.sum()
        amounts[category] = np.round(real * prices / shares, 2)
    _check(amounts, shares / prices, returns, n_cases, case_weeks)
    rows = [
        (month.start, category, float(amounts[category][i]))
        for i, month in enumerate(months)
        for category in amounts
    ]
    return _as_lines(_with_journal(rows, returns.journal))


def _profile(rng: np.random.Generator, n_months: int, returns: ReturnFacts) -> FloatArray:
    growth = (1 + returns.monthly_growth) ** np.arange(n_months)
    spread = np.maximum(rng.normal(1, returns.monthly_spread, n_months), 0.1)
    return np.asarray(growth * spread, dtype=np.float64)


def _check(
    amounts: dict[str, FloatArray],
    real_per_nominal: FloatArray,
    returns: ReturnFacts,
    n_cases: int,
    case_weeks: float,
) -> None:
    real = {category: float(values @ real_per_nominal) for category, values in amounts.items()}
    weekly = {category: round(value / case_weeks, 2) for category, value in real.items()}
    total, aimed = sum(real.values()), returns.total_gbp
    if weekly != returns.weekly_gbp or any(
        round(total / n, 2) != round(aimed / n, 2) for n in (n_cases, case_weeks)
    ):
        raise OutOfLuckError("rounding to pence moved a printed cost: choose another seed")


def _with_journal(
    rows: list[tuple[pd.Timestamp, str, float]], journal: dict[str, Any]
) -> list[tuple[pd.Timestamp, str, float]]:
    """One line is posted too high and a negative line takes it back."""
    changed = []
    for start, category, amount in rows:
        if start == pd.Timestamp(journal["month"]) and category == journal["category"]:
            changed.append((start, category, amount + journal["amount_gbp"]))
            changed.append((start, category, -journal["amount_gbp"]))
        else:
            changed.append((start, category, amount))
    return changed


def _as_lines(rows: list[tuple[pd.Timestamp, str, float]]) -> pd.DataFrame:
    lines = [
        (f"{start:%b-%y}", category, f"L{number:04d}", f"{amount:.2f}")
        for number, (start, category, amount) in enumerate(rows, start=1)
    ]
    return pd.DataFrame(lines, columns=list(HEADERS))
