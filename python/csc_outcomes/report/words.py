"""Plain words for effects: sizes with their unit, intervals, certainty and what outcomes mean."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import pandas as pd
import yaml

from csc_outcomes.plan.words import DESIGNS, ESTIMATORS, SAMPLES, SE_TYPES, words
from csc_outcomes.report.formats import is_missing, p_value, shown
from csc_outcomes.report.source import Source

ARMS = {
    "treated": "Programme",
    "comparator": "Comparison",
    "all": "All",
    "difference": "Difference",
}
SAMPLE_LABELS = {
    "unmatched": "all eligible cases",
    "cem_caliper": "matched on strata and caliper",
    "psm_3nn": "matched on propensity score",
    "psm_3nn_unique": "matched on propensity score, each comparator once",
    "allocated_children": "every allocated child",
}
# The unit of a difference: how it is said, how its numbers are shown, and what an arm's value is.
UNITS = {
    "proportion": ("percentage points", "points", 1),
    "weeks": ("weeks", "number", 1),
    "days": ("days", "number", 1),
}


@lru_cache(maxsize=1)
def meanings() -> dict[str, dict[str, str]]:
    """What outcomes may and may not mean, by outcome."""
    text = (files("csc_outcomes.report") / "meanings.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def outcome_labels(source: Source) -> dict[str, str]:
    """The outcomes' names for readers."""
    rows = source.table_or_empty("outcomes")
    return {} if rows.empty else dict(zip(rows["outcome"], rows["label"], strict=True))


def unit_words(unit: str) -> str:
    """How a difference's unit is said."""
    return UNITS[unit][0] if unit in UNITS else unit.replace("_", " ")


def size(value: float, unit: str) -> str:
    """A size without its sign or unit: 24.7 of 0.247 as a proportion."""
    _, kind, digits = UNITS.get(unit, ("", "number", 2))
    return shown(abs(value), kind, digits)


def level(value: float, unit: str) -> str:
    """An arm's own value with its unit: 54.9%, 66.0 weeks."""
    if unit == "proportion":
        return shown(value, "percent", 1)
    _, kind, digits = UNITS.get(unit, ("", "number", 2))
    return f"{shown(value, kind, digits)} {unit_words(unit)}"


def difference(value: float, unit: str) -> str:
    """A difference in words: 24.7 percentage points lower, 37.3 weeks more."""
    text = size(value, unit)
    if float(text.replace(",", "")) == 0:
        return f"{text} {unit_words(unit)}, no difference"
    return f"{text} {unit_words(unit)} {direction(value, unit)}"


def direction(value: float, unit: str) -> str:
    """Lower or higher for a rate; fewer or more for a length of time."""
    below, above = ("fewer", "more") if unit in ("weeks", "days") else ("lower", "higher")
    return below if value < 0 else above


def interval(low: Any, high: Any, unit: str) -> str:
    """A 95 per cent interval in words: from 34.8 lower to 14.6 lower."""
    if is_missing(low) or is_missing(high):
        return "no interval could be computed"
    ends = [f"{size(end, unit)} {direction(end, unit)}" for end in (float(low), float(high))]
    return f"95% confidence interval from {ends[0]} to {ends[1]}"


def span(low: Any, high: Any, unit: str) -> str:
    """The ends of an interval: 34.8 lower to 14.6 lower."""
    return " to ".join(f"{size(end, unit)} {direction(end, unit)}" for end in (low, high))


def found_in(check: Mapping[Any, Any], name: str) -> str | None:
    """The value or the threshold of a check: whole counts, weeks to a tenth, shares in per cent."""
    value = check.get(name)
    if is_missing(value):
        return None
    diagnostic = str(check.get("diagnostic", ""))
    if diagnostic.startswith(("events_", "clusters_", "ess_")):
        return shown(value, "integer")
    if diagnostic.startswith("share_"):
        return shown(value, "percent", 1)
    if diagnostic == "minimum_detectable_proportion":
        return f"{shown(value, 'points', 1)} points"
    if diagnostic == "minimum_detectable_weeks":
        return f"{shown(value, 'number', 1)} weeks"
    return shown(value, "p_value" if diagnostic.endswith("_p") else "number")


def certainty(row: pd.Series) -> str:
    """How surely the difference isn't nought, of the p-value that the stars stand on."""
    adjusted: Any = row.get("p_adjusted")
    p: Any = row.get("p_value") if is_missing(adjusted) else adjusted
    if is_missing(p):
        return "How certain this is can't be said: there is no p-value."
    name = "p-value" if is_missing(adjusted) else "p-value, adjusted for the primary outcomes,"
    text = p_value(float(p))
    said = f"is {text}" if text[0] != "<" else f"is below {text[1:]}"
    if float(p) < 0.05:
        return (
            f"The {name} {said}: chance alone would seldom give a difference as large as this "
            "if there were none. It doesn't say what the difference comes from."
        )
    return (
        f"The {name} {said}: the data can't tell this from no difference. That isn't evidence of "
        "no effect: every value in the interval fits the data."
    )


def arm(name: str) -> str:
    """How pages call an arm."""
    return ARMS.get(name, name.replace("_", " ").capitalize())


__all__ = ["DESIGNS", "ESTIMATORS", "SAMPLES", "SE_TYPES", "words"]
