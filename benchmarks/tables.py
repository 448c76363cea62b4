"""The measures as the tables of docs/simulation.md."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

Measures = dict[tuple[str, str], dict[Hashable, Any]]
SHARE = ("percentage points", 1)
SHARES = ("coverage", "rejected")
# Unit and digits of the outcomes that are no share.
UNITS = {"length": ("weeks", 1), "openlength": ("weeks", 1), "hazard": ("log hazard ratio", 2)}
LABELS = {
    "closure": "Closed without later escalation",
    "escalation": "Escalated",
    "rereferral": "Re-referred within 12 months",
    "length": "Case length, by its law",
    "openlength": "Case length, of cases open at entry",
    "hazard": "Rate of closing",
}
HOW = {
    "wls": "matched: difference of weighted shares (main)",
    "normal": "matched: censored normal (main)",
    "cox": "matched: Cox from plan start",
    "adjusted": "matched, with covariates",
    "stacked_plan_start": "matched: Cox in pairs, delayed entry",
    "stacked_programme_entry": "matched: Cox in pairs, from entry",
    "unmatched": "all eligible, no matching",
    "ipw": "all eligible, propensity weights",
    "ebal": "all eligible, entropy weights",
    "aipw": "all eligible, doubly robust",
}
ERRORS = {
    "child": "clustered by child",
    "hc1": "robust, every case by itself",
    "cr2_child": "by child, CR2",
    "family": "clustered by family",
    "cr2_family": "by family, CR2",
}


@dataclass(frozen=True)
class Column:
    """One column of figures: a measure of one scenario, with child or family errors."""

    header: str
    scenario: str
    measure: str
    errors: str = "child"


NO_EFFECT = (
    Column("bias", "none_alone", "bias"),
    Column("effect found, %: cases alone", "none_alone", "rejected"),
    Column("siblings, child errors", "none_families", "rejected"),
    Column("siblings, family errors", "none_families", "rejected", "family"),
)
EFFECT = (
    Column("truth", "effect_alone", "truth"),
    Column("bias", "effect_alone", "bias"),
    Column("coverage, %: cases alone", "effect_alone", "coverage"),
    Column("siblings, child errors", "effect_families", "coverage"),
    Column("siblings, family errors", "effect_families", "coverage", "family"),
)
BY_ERRORS = (
    Column("error told / error made: no effect, cases alone", "none_alone", "error_ratio"),
    Column("no effect, siblings", "none_families", "error_ratio"),
    Column("effect, siblings", "effect_families", "error_ratio"),
    Column("effect found, %: no effect, siblings", "none_families", "rejected"),
    Column("coverage, %: effect, siblings", "effect_families", "coverage"),
)
IN_ORDER = {
    **dict.fromkeys(
        ("closure", "escalation", "rereferral"),
        ("wls", "adjusted", "unmatched", "ipw", "ebal", "aipw"),
    ),
    **dict.fromkeys(("length", "openlength"), ("normal", "adjusted", "unmatched")),
    "hazard": ("cox", "stacked_plan_start", "stacked_programme_entry", "unmatched"),
}
SHOWN = {"truth": "truth", "bias": "bias", "coverage": "coverage, %"}
OWN_LAW = (
    ("normal_lengths", ("length_normal", "length_adjusted")),
    (
        "memoryless",
        (
            "closure_wls",
            "closure_ipw",
            "escalation_wls",
            "escalation_ipw",
            "rereferral_wls",
            "rereferral_ipw",
            "hazard_cox",
            "hazard_stacked_plan_start",
            "hazard_stacked_programme_entry",
            "hazard_unmatched",
        ),
    ),
)


def as_markdown(summary: pd.DataFrame) -> str:
    """The four tables, one after another; '-' where a figure does not exist."""
    measures = {
        (str(row["scenario"]), str(row["analysis"])): row for row in summary.to_dict("records")
    }
    names = [f"{what}_{how}" for what, hows in IN_ORDER.items() for how in hows]
    of_no_effect = [name for name in names if not name.startswith("openlength")]
    of_effect = [name for name in names if not name.startswith("hazard")]
    return "\n".join(
        [
            "### If the programme changes nothing\n",
            _table(measures, NO_EFFECT, of_no_effect),
            "### If it changes what the report found\n",
            _table(measures, EFFECT, of_effect),
            "### Siblings: what the kind of standard error does\n",
            _errors_table(measures),
            "### Where each method's own assumptions hold\n",
            _own_law_table(measures),
        ]
    )


def _table(measures: Measures, columns: Sequence[Column], names: Sequence[str]) -> str:
    rows = [
        [*_labels(name), *(_cell(measures, column, name, column.errors) for column in columns)]
        for name in names
    ]
    return _markdown(["outcome", "analysis", *(column.header for column in columns)], rows)


def _errors_table(measures: Measures) -> str:
    names = ("closure_wls", "escalation_wls", "rereferral_wls", "length_normal", "hazard_cox")
    rows = [
        [
            _labels(name)[0],
            label,
            *(_cell(measures, column, name, errors) for column in BY_ERRORS),
        ]
        for name in names
        for errors, label in ERRORS.items()
        if ("none_families", f"{name}_{errors}") in measures
    ]
    header = ["outcome", "standard errors", *(column.header for column in BY_ERRORS)]
    return _markdown(header, rows)


def _own_law_table(measures: Measures) -> str:
    rows = [
        [*_labels(name), *(_cell(measures, Column("", scenario, m), name, "child") for m in SHOWN)]
        for scenario, names in OWN_LAW
        for name in names
    ]
    return _markdown(["outcome", "analysis", *SHOWN.values()], rows)


def _labels(name: str) -> list[str]:
    what, how = name.split("_", 1)
    unit, _ = UNITS.get(what, SHARE)
    return [f"{LABELS[what]} ({unit})", HOW[how]]


def _cell(measures: Measures, column: Column, name: str, errors: str) -> str:
    row = measures.get((column.scenario, f"{name}_{errors}"), {})
    if pd.isna(row.get(column.measure)):
        return "-"
    unit, digits = UNITS.get(name.split("_", 1)[0], SHARE)
    scale = 100
    if column.measure == "error_ratio":
        scale, digits = 1, 2
    elif column.measure in SHARES:
        digits = 1
    elif (unit, digits) != SHARE:
        scale = 1
    value = f"{row[column.measure] * scale:.{digits}f}"
    error = row.get(f"{column.measure}_mcse")
    return value if error is None else f"{value} ({error * scale:.{digits}f})"


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
