"""Does the result hold: under other specifications, and against causes that nobody recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from csc_outcomes.report.blocks import Column, ColumnKind, Figure
from csc_outcomes.report.drawing import COMPARATOR, INK, TREATED
from csc_outcomes.report.figures.common import (
    QUIET,
    SAMPLES,
    change,
    figure,
    hidden_note,
    joined,
    legend_from_edge,
    notes,
    share_ticks,
    tidy,
    unit_name,
    words,
)

MOST_POINTS = 150
CHOICES = ("sample", "estimator", "covariates", "se_type", "reading")
MAIN_READING = "Rules as in the main reading"
ESTIMATORS = {
    "wls": "Weighted regression",
    "logit": "Logistic model",
    "logit_ame": "Logistic model, mean effect",
    "censored_normal": "Censored regression",
    "cox": "Proportional hazards",
    "cox_stacked": "Proportional hazards, stacked",
    "ipw": "Propensity weights",
    "ebal": "Entropy balancing",
    "aipw": "Doubly robust weights",
    "rmst": "Restricted means",
    "nearest_neighbours": "Nearest neighbours",
    "fisher_exact": "Exact test of counts",
}
ERRORS = {
    "hc1": "Robust errors (HC1)",
    "cluster_child": "Errors by child",
    "cluster_family": "Errors by family",
    "cluster_cr2_family": "Errors by family (CR2)",
}
LOOKS = (
    (TREATED, [1, 0]),
    (COMPARATOR, [6, 3]),
    ("#00703c", [2, 2]),
    ("#6f3f8c", [8, 3, 2, 3]),
    (QUIET, [12, 4]),
)


def specification_curve(curve: pd.DataFrame, label: str, figure_id: str) -> Figure | None:
    """Estimates of one outcome under every specification, sorted; None without two of them.

    `curve` is of one study and outcome, as `specification_curve`; `label` names the outcome.
    """
    rows = curve.sort_values(
        ["estimate", "analysis_id", "reading"], na_position="last"
    ).reset_index(drop=True)
    drawn = rows.dropna(subset=["estimate"]).copy()
    if len(drawn) < 2:
        return None
    drawn["rank"] = np.arange(1, len(drawn) + 1)
    drawn["is_main"] = drawn["analysis_id"].eq(drawn["main_analysis_id"]) & drawn["reading"].eq(
        "main"
    )
    drawn["kind"] = np.where(
        drawn["is_main"], "Main", np.where(_significant(drawn), "Significant at 5%", "Not at 5%")
    )
    unit = str(drawn["unit"].iloc[0])
    kind: ColumnKind = "points" if unit == "proportion" else "number"
    return figure(
        id=figure_id,
        title=f"{label}: the difference under {len(drawn)} specifications",
        alt=_curve_alt(drawn, label, unit),
        chart=lambda width: _curve_chart(drawn, unit, width),
        data=drawn[[name for name in [*rows.columns, "rank"] if name != "build_id"]],
        columns=(
            Column("rank", "Rank", "integer"),
            Column("analysis_id", "Analysis"),
            Column("reading", "Reading of the rules"),
            Column("sample", "Sample"),
            Column("estimator", "Estimator"),
            Column("covariates", "Covariates"),
            Column("se_type", "Standard error"),
            Column("estimate", f"Difference, {_unit_of(unit)}", kind, 1),
            Column("ci_low", "95% interval from", kind, 1),
            Column("ci_high", "to", kind, 1),
            Column("p_value", "p", "p_value"),
        ),
        note=notes(
            "Specifications share their data, so they don't confirm one another as new studies "
            "would. Lines are 95% confidence intervals. Below the curve a mark shows which choice "
            "each specification makes; readings of the rules are named in the table.",
            hidden_note(rows, "estimate"),
        ),
    )


def hidden_bias_curves(
    bounds: pd.DataFrame, labels: Mapping[str, str], *, figure_id: str = "hidden_bias"
) -> Figure | None:
    """How the largest p-value grows with an unseen cause of selection; None without a curve.

    `bounds` are rows of `hidden_bias_bounds` of one study and sample and of one method for each
    outcome; `labels` names the outcomes, in their order.
    """
    rows = bounds[bounds["outcome"].isin(list(labels))].sort_values(["outcome", "gamma"])
    drawn = rows.dropna(subset=["p_upper"])
    drawn = drawn[drawn.groupby("outcome")["gamma"].transform("size") > 1].copy()
    if not len(drawn):
        return None
    drawn["label"] = drawn["outcome"].map(labels)
    crossings = _crossings(drawn)
    shown = [name for name in labels.values() if (drawn["label"] == name).any()]
    return figure(
        id=figure_id,
        title="How strong an unseen cause would have to be to explain the result away",
        alt=_bias_alt(shown, crossings),
        chart=lambda width: _bias_chart(drawn, crossings, shown, width),
        data=rows.assign(label=rows["outcome"].map(labels)),
        columns=(
            Column("label", "Outcome"),
            Column("method", "Method"),
            Column("gamma", "Gamma", "number", 2),
            Column("p_lower", "Smallest p", "p_value"),
            Column("p_upper", "Largest p", "p_value"),
            Column("crossing_gamma", "Reaches 5% at", "number", 2),
            Column("crossing_gamma_01", "Reaches 1% at", "number", 2),
        ),
        note=notes(
            "Gamma is the factor by which two cases alike in all that was recorded may differ in "
            "their odds of having the programme. Marks stand where the largest p-value reaches 5% "
            "or 1%: a mark at 1 says that no unseen cause is needed. Lines end at p = 0.2.",
            hidden_note(rows, "p_upper"),
        ),
    )


def _significant(rows: pd.DataFrame) -> Any:
    return (rows["p_value"] < 0.05).fillna(False).to_numpy(dtype=bool)


def _unit_of(unit: str) -> str:
    return "percentage points" if unit == "proportion" else unit_name(unit)


def _curve_alt(drawn: pd.DataFrame, label: str, unit: str) -> str:
    main = drawn[drawn["is_main"]]
    said = f" The main one is {change(main['estimate'].iloc[0], unit)}." if len(main) else ""
    n = int(_significant(drawn).sum())
    return (
        f"{label}: {len(drawn)} specifications give differences from "
        f"{change(drawn['estimate'].iloc[0], unit)} to {change(drawn['estimate'].iloc[-1], unit)}, "
        f"half of them at or below {change(drawn['estimate'].median(), unit)}; {n} are significant "
        f"at 5%.{said}"
    )


def _strokes(rows: pd.DataFrame, low: str, high: str) -> pd.DataFrame:
    """Upright strokes as one line with breaks, so that hundreds make one path."""
    breaks = pd.Series(np.nan, index=rows.index)
    parts = [rows["rank"], rows["rank"], rows["rank"]], [rows[low], rows[high], breaks]
    return pd.DataFrame(
        {
            "rank": np.stack(parts[0], axis=1).ravel(),
            "end": np.stack([part.astype("float64") for part in parts[1]], axis=1).ravel(),
            "order": np.arange(3 * len(rows)),
        }
    )


def _runs(ranks: Sequence[int], height: float) -> pd.DataFrame:
    """Neighbouring ranks as one lying stroke, all strokes of a row as one line with breaks."""
    found: list[list[float]] = []
    for rank in ranks:
        if found and rank - found[-1][1] < 1:
            found[-1][1] = rank + 0.35
        else:
            found.append([rank - 0.35, rank + 0.35])
    across = [end for low, high in found for end in (low, high, high)]
    ends = [height, height, float("nan")] * len(found)
    return pd.DataFrame({"rank": across, "end": ends, "order": range(len(ends))})


def _curve_chart(drawn: pd.DataFrame, unit: str, width: int) -> Any:
    left = 60 if width < 500 else 200
    percent = unit == "proportion"
    across = alt.X("rank:Q", axis=None, scale=alt.Scale(domain=[0.4, len(drawn) + 0.6], nice=False))
    upright = alt.Axis(
        title="Percentage points" if percent else unit_name(unit).capitalize(),
        labelExpr="format(100 * datum.value, '~f')" if percent else "format(datum.value, '~f')",
        tickCount=5,
        domain=False,
        ticks=False,
        minExtent=left - 22,
        maxExtent=left - 22,
    )
    zero = alt.Chart(pd.DataFrame({"end": [0.0]})).mark_rule(color=QUIET, strokeDash=[2, 2])
    lines = (
        alt.Chart(_strokes(drawn, "ci_low", "ci_high"))
        .mark_line(color="#8a9199", strokeWidth=1, invalid="break-paths-show-path-domains")
        .encode(x=across, y=alt.Y("end:Q", axis=upright), order=alt.Order("order:Q"))
    )
    points = (_points if len(drawn) <= MOST_POINTS else _dashes)(
        drawn, across, legend_from_edge(left, 3, width)
    )
    main = drawn[drawn["kind"] == "Main"]
    layers = [zero.encode(y=alt.Y("end:Q", axis=upright)), lines, points]
    if len(main):
        layers.append(
            alt.Chart(main[["rank", "estimate"]])
            .mark_point(
                size=150, shape="diamond", filled=True, color=COMPARATOR, opacity=1, stroke=INK
            )
            .encode(x=across, y=alt.Y("estimate:Q"))
        )
    curve = alt.layer(*layers).properties(width=width - left - 20, height=230)
    panel = _choices(drawn, across, width, left)
    return curve if panel is None else alt.vconcat(curve, panel, spacing=6)


def _points(drawn: pd.DataFrame, across: alt.X, legend: alt.Legend) -> Any:
    """Estimates as points: filled where significant."""
    size = max(14, min(60, round(4000 / len(drawn))))
    return (
        alt.Chart(drawn[["rank", "estimate", "kind"]])
        .mark_point(size=size, opacity=1, strokeWidth=1.2)
        .encode(
            x=across,
            y=alt.Y("estimate:Q"),
            shape=alt.Shape(
                "kind:N",
                legend=legend,
                scale=alt.Scale(domain=_kinds(), range=["diamond", "circle", "circle"]),
            ),
            fill=alt.Fill(
                "kind:N",
                legend=legend,
                scale=alt.Scale(domain=_kinds(), range=[COMPARATOR, TREATED, "#ffffff"]),
            ),
            stroke=alt.Stroke(
                "kind:N",
                legend=legend,
                scale=alt.Scale(domain=_kinds(), range=[COMPARATOR, TREATED, TREATED]),
            ),
        )
    )


def _dashes(drawn: pd.DataFrame, across: alt.X, legend: alt.Legend) -> Any:
    """Estimates as short strokes, thick where significant: hundreds of points would be heavy."""
    parts = []
    for kind in _kinds():
        part = drawn[drawn["kind"] == kind]
        breaks = pd.Series(np.nan, index=part.index)
        ranks = [part["rank"] - 0.45, part["rank"] + 0.45, part["rank"] + 0.45]
        ends = [part["estimate"], part["estimate"], breaks]
        parts.append(
            pd.DataFrame(
                {
                    "rank": np.stack(ranks, axis=1).ravel(),
                    "estimate": np.stack(ends, axis=1).ravel(),
                    "kind": kind,
                }
            )
        )
    rows = pd.concat(parts, ignore_index=True).assign(order=lambda one: range(len(one)))
    return (
        alt.Chart(rows)
        .mark_line(invalid="break-paths-show-path-domains")
        .encode(
            x=across,
            y=alt.Y("estimate:Q"),
            order=alt.Order("order:Q"),
            color=alt.Color(
                "kind:N",
                legend=legend,
                scale=alt.Scale(domain=_kinds(), range=[COMPARATOR, TREATED, QUIET]),
            ),
            strokeWidth=alt.StrokeWidth(
                "kind:N", legend=legend, scale=alt.Scale(domain=_kinds(), range=[6, 5, 2])
            ),
        )
    )


def _kinds() -> list[str]:
    return ["Main", "Significant at 5%", "Not at 5%"]


def _choices(drawn: pd.DataFrame, across: alt.X, width: int, left: int) -> Any:
    """Which choice each specification makes: a row for each choice, a stroke for each use of it."""
    narrow = width < 500
    middle = -0.25 if narrow else 0.0
    named: list[str] = []
    strokes = []
    for choice in CHOICES:
        values = drawn[choice].fillna("none").astype(str)
        levels = list(values.value_counts().index.sort_values())
        if len(levels) < 2:
            continue
        if choice == "reading":
            levels = ["main"]
        for level in levels:
            row = -float(len(named))
            strokes.append(_runs(list(drawn.loc[values == level, "rank"]), row + middle))
            named.append(MAIN_READING if choice == "reading" else level_name(choice, level))
    if not named:
        return None
    rows = pd.concat(strokes, ignore_index=True)
    rows["order"] = np.arange(len(rows))
    lookup = "[" + ",".join("'" + name.replace("'", "") + "'" for name in named) + "]"
    labels = alt.Axis(
        title=None,
        values=[-n for n in range(len(named))],
        labelExpr=f"{lookup}[-datum.value]",
        labelFontSize=12,
        ticks=False,
        domain=False,
        grid=not narrow,
        minExtent=left,
        maxExtent=left,
        labelLimit=left - 4,
    )
    down = alt.Y(
        "end:Q",
        axis=None if narrow else labels,
        scale=alt.Scale(domain=[-len(named) + 0.5, 0.5], nice=False),
    )
    marks = (
        alt.Chart(rows)
        .mark_line(color=INK, strokeWidth=11, invalid="break-paths-show-path-domains")
        .encode(x=across, y=down, order=alt.Order("order:Q"))
    )
    if not narrow:
        return marks.properties(width=width - left - 20, height=20 * len(named))
    names = pd.DataFrame({"end": [-float(n) for n in range(len(named))], "name": named})
    said = (
        alt.Chart(names)
        .mark_text(align="left", baseline="bottom", dy=-1, fontSize=12, color=INK, dx=-left)
        .encode(x=alt.value(0), y=alt.Y("end:Q"), text=alt.Text("name:N"))
    )
    return alt.layer(marks, said).properties(width=width - left - 20, height=34 * len(named))


def level_name(choice: str, level: str) -> str:
    """A choice of a specification for readers: what is chosen, and how."""
    names = {"sample": SAMPLES, "estimator": ESTIMATORS, "se_type": ERRORS}.get(choice, {})
    if choice == "covariates":
        if level == "none":
            return "No covariates"
        return "Covariates: " + ", ".join(part.replace("_", " ") for part in level.split("|"))
    return names.get(level, words(level))


def _crossings(drawn: pd.DataFrame) -> pd.DataFrame:
    once = drawn.groupby("outcome", sort=False).first().reset_index()
    parts = [
        once.assign(gamma=once[column], p_upper=alpha)[["label", "gamma", "p_upper"]]
        for column, alpha in (("crossing_gamma", 0.05), ("crossing_gamma_01", 0.01))
        if column in once
    ]
    if not parts:
        return pd.DataFrame(columns=["label", "gamma", "p_upper"])
    return pd.concat(parts, ignore_index=True).dropna(subset=["gamma"])


def _bias_alt(shown: Sequence[str], crossings: pd.DataFrame) -> str:
    parts = []
    for label in shown:
        found = crossings[(crossings["label"] == label) & (crossings["p_upper"] == 0.05)]
        at = float(found["gamma"].iloc[0]) if len(found) else None
        if at is None:
            parts.append(f"{label} isn't explained away in the range drawn")
        elif at <= 1:
            parts.append(f"{label} isn't significant at 5% even without an unseen cause")
        else:
            parts.append(f"{label} stays significant at 5% up to gamma {tidy(at, 2)}")
    return joined(parts) + "."


def _bias_chart(drawn: pd.DataFrame, crossings: pd.DataFrame, shown: list[str], width: int) -> Any:
    ceiling = 0.2
    passed = drawn["p_upper"].gt(ceiling).astype(int).groupby(drawn["outcome"]).cumsum()
    rows = drawn[passed.eq(0)].assign(p=lambda one: one["p_upper"])
    if not len(rows):
        rows = drawn.groupby("outcome", sort=False).head(1).assign(p=ceiling)
    far = float(max([*rows["gamma"], *crossings["gamma"]]))
    looks = [LOOKS[n % len(LOOKS)] for n in range(len(shown))]
    legend = legend_from_edge(60, len(shown), width, symbolType="stroke", symbolSize=400)
    across = alt.X(
        "gamma:Q",
        scale=alt.Scale(domain=[1, max(far, 1.5)], nice=False),
        axis=alt.Axis(title="Gamma", grid=False, tickCount=6 if width > 500 else 4, format="~f"),
    )
    upright = alt.Y(
        "p:Q",
        scale=alt.Scale(domain=[0, ceiling], nice=False),
        axis=alt.Axis(
            title="Largest p-value",
            domain=False,
            ticks=False,
            grid=False,
            minExtent=44,
            maxExtent=44,
            **share_ticks(ceiling),
        ),
    )
    colour = alt.Scale(domain=shown, range=[look[0] for look in looks])
    alpha = pd.DataFrame({"p": [0.05, 0.01], "name": ["p = 0.05", "p = 0.01"]})
    levels = alt.Chart(alpha).mark_rule(color=QUIET, strokeDash=[2, 3]).encode(y=upright)
    edges: list[dict[str, Any]] = [{"stroke": "#ffffff", "strokeWidth": 4}, {}]
    # a white edge keeps the names readable where a line crosses them
    named = [
        alt.Chart(alpha)
        .mark_text(align="right", dy=-8, fontSize=12, color=QUIET, **edge)
        .encode(x=alt.value("width"), y=upright, text=alt.Text("name:N"))
        for edge in edges
    ]
    lines = (
        alt.Chart(rows[["gamma", "p", "label"]])
        .mark_line()
        .encode(
            x=across,
            y=upright,
            color=alt.Color("label:N", scale=colour, legend=legend),
            strokeDash=alt.StrokeDash(
                "label:N",
                scale=alt.Scale(domain=shown, range=[look[1] for look in looks]),
                legend=legend,
            ),
        )
    )
    layers = [levels, lines, *named]
    if len(crossings):
        layers.append(
            alt.Chart(crossings.rename(columns={"p_upper": "p"}))
            .mark_point(size=90, filled=True, opacity=1, stroke="#ffffff", strokeWidth=1)
            .encode(x=across, y=upright, color=alt.Color("label:N", scale=colour, legend=legend))
        )
    return alt.layer(*layers).properties(width=width - 74, height=260)
