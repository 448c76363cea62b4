"""How alike the arms are before and after matching: standardised mean differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from csc_outcomes.report.blocks import Column, Figure
from csc_outcomes.report.drawing import COMPARATOR, TREATED
from csc_outcomes.report.figures.common import (
    QUIET,
    SAMPLES,
    broken,
    figure,
    hidden_note,
    label_axis,
    legend_from_edge,
    notes,
    tidy,
    words,
)

THRESHOLDS = (0.1, 0.25)
LOOKS = (
    (TREATED, "circle"),
    (COMPARATOR, "diamond"),
    ("#00703c", "triangle-up"),
    ("#6f3f8c", "square"),
    (QUIET, "cross"),
)


def method_names(methods: Sequence[str], main: str) -> dict[str, str]:
    """Names of samples for readers, the study's main one first: "before" where it is a match."""
    order = [main] if main in methods else []
    order += [name for name in ("unmatched",) if name in methods and name != main]
    order += sorted(set(methods) - set(order))
    names = {}
    for method in order:
        name = SAMPLES.get(method, words(method))
        if method == main:
            name += " (main)"
        elif method == "unmatched":
            name += " (before matching)"
        names[method] = name
    return names


def love_plot(
    balance: pd.DataFrame, main: str, *, thresholds: Sequence[float] = THRESHOLDS
) -> Figure | None:
    """Standardised mean differences of each covariate in each sample; None without one.

    `balance` is of one study, as `covariate_balance`; `main` is the sample of the main analyses.
    """
    rows = balance.sort_values(["covariate_order", "method"]).copy()
    drawn = rows.dropna(subset=["smd"])
    if not len(drawn):
        return None
    names = method_names(sorted(drawn["method"].unique()), main)
    drawn = drawn.assign(sample=drawn["method"].map(names))
    return figure(
        id="love_plot",
        title="How alike the arms are: standardised differences of their means",
        alt=_alt(drawn, names, thresholds[0]),
        chart=lambda width: _chart(drawn, list(names.values()), thresholds, width),
        data=rows.assign(sample=rows["method"].map(names)),
        columns=(
            Column("label", "Characteristic"),
            Column("sample", "Sample"),
            Column("mean_treated", "Programme", "number", 2),
            Column("mean_comparator", "Comparison", "number", 2),
            Column("smd", "Standardised difference", "number", 3),
            Column("stars", "Stars"),
            Column("n_treated", "Programme cases", "integer"),
            Column("n_comparator", "Comparison cases", "integer"),
        ),
        note=notes(
            f"Dashed lines stand at {thresholds[0]} on either side, the usual limit of a "
            f"negligible difference, dotted ones at {thresholds[-1]}. Balance of what was recorded "
            "says nothing of what wasn't.",
            hidden_note(rows, "smd"),
        ),
    )


def _alt(drawn: pd.DataFrame, names: dict[str, str], limit: float) -> str:
    parts = []
    for method, name in names.items():
        rows = drawn[drawn["method"] == method]
        far = rows[rows["smd"].abs() > limit]
        worst = rows.iloc[int(rows["smd"].abs().to_numpy().argmax())]
        parts.append(
            f"{name}: {len(far)} of {len(rows)} differences lie beyond {limit}; the largest is "
            f"{worst['label']}, {tidy(worst['smd'], 2)}."
        )
    return " ".join(parts)


def _chart(drawn: pd.DataFrame, names: list[str], thresholds: Sequence[float], width: int) -> Any:
    left = 136 if width < 500 else 230
    rows = drawn.assign(name=[broken(label, left - 8) for label in drawn["label"]])
    order = list(dict.fromkeys(rows["name"]))
    row = max(34, 10 + 16 * max(name.count("|") + 1 for name in order))
    low = min(float(rows["smd"].min()), -thresholds[-1]) * 1.08
    high = max(float(rows["smd"].max()), thresholds[-1]) * 1.08
    looks = [LOOKS[n % len(LOOKS)] for n in range(len(names))]
    legend = legend_from_edge(left, len(names), width, symbolSize=90)
    lines = pd.DataFrame({"smd": [0.0, *thresholds, *(-one for one in thresholds)]})
    lines["kind"] = (
        ["zero"]
        + ["near"]
        + ["far"] * (len(thresholds) - 1)
        + ["near"]
        + ["far"] * (len(thresholds) - 1)
    )
    across = alt.X(
        "smd:Q",
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(title="Standardised mean difference", grid=False, tickCount=5, format="~f"),
    )
    rules = (
        alt.Chart(lines)
        .mark_rule(color=QUIET, strokeWidth=1)
        .encode(
            x=across,
            strokeDash=alt.StrokeDash(
                "kind:N",
                legend=None,
                scale=alt.Scale(domain=["zero", "near", "far"], range=[[1, 0], [6, 4], [2, 3]]),
            ),
        )
    )
    points = (
        alt.Chart(rows[["name", "sample", "smd"]])
        .mark_point(filled=True, size=80, stroke="#ffffff", strokeWidth=0.7)
        .encode(
            x=across,
            y=alt.Y("name:N", sort=order, axis=label_axis(left, grid=True)),
            color=alt.Color(
                "sample:N",
                scale=alt.Scale(domain=names, range=[colour for colour, _ in looks]),
                legend=legend,
            ),
            shape=alt.Shape(
                "sample:N",
                scale=alt.Scale(domain=names, range=[shape for _, shape in looks]),
                legend=legend,
            ),
        )
    )
    return alt.layer(rules, points).properties(width=width - left - 16, height=row * len(order))
