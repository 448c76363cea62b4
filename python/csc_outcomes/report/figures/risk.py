"""Risk scores as coded from case notes: their spread, and their mean change."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from csc_outcomes.report.blocks import Column, Figure
from csc_outcomes.report.drawing import INK
from csc_outcomes.report.figures.common import (
    ARMS,
    arm_legend,
    arms_in,
    figure,
    group_colour,
    group_scale,
    hidden_note,
    joined,
    known,
    label_axis,
    named_arms,
    notes,
    symbol_of,
    text_mark,
    tidy,
    words,
)

MEASURES = {
    "total_referral": "Total at referral",
    "total_latest": "Total at latest",
    "total_change": "Change in total",
}
COMPONENTS = {
    "total": "Total",
    "protective": "Protective factors",
    "risk": "Risk factors",
    "engagement": "Engagement",
}
NUMBERS = ("lower_whisker", "lower_hinge", "median", "upper_hinge", "upper_whisker")
FEW = (
    "A score above 0, or a change above 0, means safer. These describe a handful of cases: no test "
    "and no interval belongs to them."
)


def risk_boxes(distributions: pd.DataFrame) -> Figure | None:
    """Box plots from the five numbers that the table gives; None where it gives none.

    `distributions` is of one study, as `risk_distributions`; outliers are drawn where the table
    lists them, which release tables don't.
    """
    rows = named_arms(distributions)
    if not len(rows):
        return None
    for name in NUMBERS:
        rows[name] = rows[name].astype("float64") if name in rows else float("nan")
    rows["label"] = rows["measure"].map(lambda one: MEASURES.get(one, words(one)))
    rows["place"] = rows["measure"].map(
        lambda one: list(MEASURES).index(one) if one in MEASURES else len(MEASURES)
    )
    rows = rows.sort_values(["place", "measure", "group"], ascending=[True, True, False])
    drawn = rows.dropna(subset=["median"])
    if not len(drawn):
        return None
    return figure(
        id="risk_boxes",
        title="Risk scores at referral and at the latest information",
        alt=_box_alt(drawn),
        chart=lambda width: _box_chart(drawn, _outliers(drawn), width),
        data=rows.drop(columns=["place"]),
        columns=(
            Column("label", "Score"),
            Column("group", "Group"),
            Column("n", "Cases", "integer"),
            Column("lower_whisker", "Lower whisker", "number", 1),
            Column("lower_hinge", "Lower hinge", "number", 2),
            Column("median", "Median", "number", 2),
            Column("upper_hinge", "Upper hinge", "number", 2),
            Column("upper_whisker", "Upper whisker", "number", 1),
            Column("n_outliers", "Cases beyond", "integer"),
        ),
        note=notes(
            "Boxes hold the middle half of the cases, the line in a box is the median.",
            "" if "outlier_values" in drawn else "Single values aren't shown.",
            FEW,
            hidden_note(rows, "median"),
        ),
    )


def risk_changes(changes: pd.DataFrame) -> Figure | None:
    """Mean change of each component in both arms; None where there is none.

    `changes` is of one study, as `risk_changes`.
    """
    rows = named_arms(changes)
    if not len(rows) or not rows["mean_change"].notna().any():
        return None
    rows["label"] = rows["component"].map(lambda one: COMPONENTS.get(one, words(one)))
    order = {name: number for number, name in enumerate(COMPONENTS)}
    rows["place"] = rows["component"].map(lambda one: order.get(one, len(order)))
    rows = rows.sort_values(["place", "component", "group"], ascending=[True, True, False])
    parts = []
    for label, part in rows.groupby("label", sort=False):
        said = joined(
            f"{_signed(row['mean_change']) if known(row['mean_change']) else symbol_of(row)} in "
            f"{ARMS[row['arm']].lower()} cases"
            for _, row in part.iterrows()
        )
        parts.append(f"{label}: {said}.")
    return figure(
        id="risk_changes",
        title="Mean change of risk scores from referral to the latest information",
        alt=" ".join(parts),
        chart=lambda width: _change_chart(rows, width),
        data=rows.drop(columns=["place"]),
        columns=(
            Column("label", "Component"),
            Column("group", "Group"),
            Column("n", "Cases", "integer"),
            Column("mean_referral", "Mean at referral", "number", 2),
            Column("mean_latest", "Mean at latest", "number", 2),
            Column("mean_change", "Mean change", "number", 2),
            Column("sd_change", "Standard deviation of change", "number", 2),
            Column("mean_gap_months", "Months between", "number", 1),
        ),
        note=notes(FEW, hidden_note(rows, "mean_change")),
    )


def _signed(value: float) -> str:
    text = tidy(value, 2)
    return text if text.startswith("-") or float(text) == 0 else f"+{text}"


def _outliers(drawn: pd.DataFrame) -> pd.DataFrame:
    if "outlier_values" not in drawn:
        return pd.DataFrame(columns=["label", "group", "score"])
    listed = drawn.dropna(subset=["outlier_values"])
    made = [
        {"label": row["label"], "group": row["group"], "score": float(one)}
        for _, row in listed.iterrows()
        for one in str(row["outlier_values"]).split(",")
        if one.strip()
    ]
    return pd.DataFrame(made, columns=["label", "group", "score"])


def _box_alt(drawn: pd.DataFrame) -> str:
    parts = []
    for label, part in drawn.groupby("label", sort=False):
        said = joined(
            f"{ARMS[row['arm']].lower()} median {tidy(row['median'], 2)}"
            + (
                f", middle half {tidy(row['lower_hinge'], 2)} to {tidy(row['upper_hinge'], 2)}"
                if known(row["lower_hinge"])
                else ""
            )
            for _, row in part.iterrows()
        )
        parts.append(f"{label}: {said}.")
    return " ".join(parts)


def _box_chart(drawn: pd.DataFrame, outliers: pd.DataFrame, width: int) -> Any:
    left = 78 if width < 500 else 150
    labels = list(dict.fromkeys(drawn["label"]))
    groups = [ARMS[arm] for arm in arms_in(drawn)]
    rows = drawn[["label", "group", *NUMBERS]].assign(
        label=[name.replace(" ", "|", 1) for name in drawn["label"]]
    )
    place = {
        "y": alt.Y(
            "label:N",
            sort=list(dict.fromkeys(rows["label"])),
            axis=label_axis(left),
            scale=alt.Scale(paddingInner=0.25, paddingOuter=0.1),
        ),
        "yOffset": alt.YOffset("group:N", sort=groups),
    }
    axis = alt.Axis(title="Score: higher is safer", tickCount=6, format="~f", domain=False)
    reach = [float(one) for name in NUMBERS for one in rows[name].dropna()] + [
        float(one) for one in outliers["score"]
    ]
    domain = [min(reach) - 0.5, max(reach) + 0.5]
    across = alt.X("lower_whisker:Q", axis=axis, scale=alt.Scale(domain=domain, nice=True))
    base = alt.Chart(rows)
    layers = [
        base.mark_rule(color=INK, strokeWidth=1.5).encode(
            x=across, x2=alt.X2("upper_whisker:Q"), **place
        ),
        base.mark_bar(size=18, fillOpacity=0.3, strokeWidth=2).encode(
            x=alt.X("lower_hinge:Q"),
            x2=alt.X2("upper_hinge:Q"),
            color=group_colour(arm_legend()),
            stroke=alt.Stroke("group:N", scale=group_scale(), legend=None),
            **place,
        ),
        base.mark_tick(color=INK, thickness=4, size=20).encode(x=alt.X("median:Q"), **place),
    ]
    if len(outliers):
        shown = outliers.assign(label=[name.replace(" ", "|", 1) for name in outliers["label"]])
        layers.append(
            alt.Chart(shown)
            .mark_point(color=INK, filled=False, size=40, opacity=1)
            .encode(x=alt.X("score:Q"), **place)
        )
    return alt.layer(*layers).properties(width=width - left - 14, height=66 * len(labels))


def _change_chart(rows: pd.DataFrame, width: int) -> Any:
    left = 92 if width < 500 else 150
    shown = rows.assign(
        name=[str(label).replace(" ", "|", 1) for label in rows["label"]],
        change=rows["mean_change"].astype("float64"),
        text=[
            _signed(row["mean_change"]) if known(row["mean_change"]) else symbol_of(row)
            for _, row in rows.iterrows()
        ],
    )
    shown["end"] = shown["change"].fillna(0.0).clip(lower=0.0)
    low = min(float(shown["change"].min()), 0.0)
    high = max(float(shown["change"].max()), 0.0)
    room = (high - low or 1.0) * (0.22 if width < 500 else 0.1)
    place = {
        "y": alt.Y(
            "name:N",
            sort=list(dict.fromkeys(shown["name"])),
            axis=label_axis(left),
            scale=alt.Scale(paddingInner=0.25, paddingOuter=0.1),
        ),
        "yOffset": alt.YOffset("group:N", sort=list(ARMS.values())),
    }
    across = alt.X(
        "change:Q",
        scale=alt.Scale(domain=[low * 1.05, high + room], nice=False),
        axis=alt.Axis(
            title="Mean change: above 0 is safer", tickCount=5, format="~f", domain=False
        ),
    )
    base = alt.Chart()
    return alt.layer(
        base.mark_bar().encode(x=across, color=group_colour(arm_legend()), **place),
        base.mark_text(**text_mark(13), dx=5, align="left").encode(
            x=alt.X("end:Q"), text=alt.Text("text:N"), **place
        ),
        data=shown[["name", "group", "change", "end", "text"]],
    ).properties(width=width - left - 14, height=54 * shown["name"].nunique())
