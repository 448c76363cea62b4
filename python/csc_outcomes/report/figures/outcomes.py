"""Outcomes of both arms as bars, with the interval as the study's report draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from csc_outcomes.report.blocks import Column, ColumnKind, Figure
from csc_outcomes.report.drawing import INK
from csc_outcomes.report.figures.common import (
    ARMS,
    CERTAINTY,
    HALO,
    amount,
    arm_legend,
    broken,
    change,
    figure,
    group_colour,
    hidden_note,
    interval,
    joined,
    known,
    label_axis,
    named_arms,
    notes,
    share_ticks,
    short,
    symbol_of,
    text_mark,
    unit_name,
)

OF_DIFFERENCE = (
    "The line on the programme's bar is the 95% confidence interval of the difference, added to "
    "the comparison's value: where it doesn't reach the height of the comparison's bar, the "
    "interval doesn't hold a difference of nought. Stars follow the p-value, adjusted for the "
    "primary outcomes where it is: ** below 1%, * below 5%."
)
OF_MEANS = (
    "Bars are predicted means at the covariates' means; lines are the 95% confidence interval of "
    "each mean. Intervals that overlap don't prove that the arms are alike: read the difference."
)


@dataclass(frozen=True)
class Bars:
    """One panel: an outcome, or an outcome in a group of cases.

    `said` is the difference in words. `arms` has columns arm, value, low, high, stars, disclosure:
    values in the outcome's unit, low and high the ends of the line that the arm's bar bears, null
    where it bears none. `certainty` says how sure the difference is.
    """

    title: str
    said: str
    unit: str
    arms: pd.DataFrame
    certainty: str = ""


def bars_of_difference(
    estimates: pd.DataFrame, groups: pd.DataFrame, analysis_id: str, title: str
) -> Bars | None:
    """An analysis as a bar for each arm and the interval of their difference.

    `estimates` and `groups` are rows of `effect_estimates` and `group_outcomes` of one study. The
    bars are the analysis's predicted means, or the sample's means where it has none. None where
    the study has no such analysis.
    """
    rows = estimates[estimates["analysis_id"] == analysis_id]
    effect = _row(rows, "treated")
    if effect is None:
        return None
    made = []
    for arm in ARMS:
        mean = _row(rows, f"{arm}_mean")
        value, source = (None, effect) if mean is None else (mean["estimate"], mean)
        if not known(value):
            value, source = _group_value(groups, effect, arm, source)
        made.append({"arm": arm, "value": value, "disclosure": source.get("disclosure", "shown")})
    arms = pd.DataFrame(made).assign(low=None, high=None, stars="")
    base = arms.loc[arms["arm"] == "comparator", "value"].iloc[0]
    treated = arms["arm"] == "treated"
    if known(base) and known(effect["ci_low"]):
        arms.loc[treated, "low"] = base + effect["ci_low"]
        arms.loc[treated, "high"] = base + effect["ci_high"]
    arms.loc[treated, "stars"] = _stars(effect)
    sure = CERTAINTY.get(_stars(effect), "") if known(effect["estimate"]) else ""
    return Bars(title, difference_in_words(effect), str(effect["unit"]), arms, sure)


def bars_of_means(
    estimates: pd.DataFrame, analysis_id: str, title: str, suffix: str = ""
) -> Bars | None:
    """An analysis as predicted means, each with its interval; `suffix` as `_if_history`.

    None where the analysis has no such means.
    """
    rows = estimates[estimates["analysis_id"] == analysis_id]
    means = {arm: _row(rows, f"{arm}_mean{suffix}") for arm in ARMS}
    if all(mean is None for mean in means.values()):
        return None
    effect = _row(rows, f"treated{suffix}" if suffix.startswith("_if") else "treated")
    arms = pd.DataFrame(
        [
            {
                "arm": arm,
                "value": None if mean is None else mean["estimate"],
                "low": None if mean is None else mean["ci_low"],
                "high": None if mean is None else mean["ci_high"],
                "disclosure": "x" if mean is None else mean.get("disclosure", "shown"),
                "stars": "",
            }
            for arm, mean in means.items()
        ]
    )
    unit = next(str(mean["unit"]) for mean in means.values() if mean is not None)
    said = "" if effect is None else difference_in_words(effect, stars=False)
    return Bars(title, said, unit, arms)


def bars_of_groups(groups: pd.DataFrame, sample: str, outcome: str, title: str) -> Bars | None:
    """The arms' own values without a difference; None where the sample has no such outcome."""
    rows = groups[(groups["sample"] == sample) & (groups["outcome"] == outcome)]
    if not len(rows):
        return None
    kept = ["arm", "value", *(["disclosure"] if "disclosure" in rows else [])]
    arms = pd.concat([rows[rows["arm"] == arm] for arm in ARMS])[kept]
    arms = arms.assign(low=None, high=None, stars="")
    if "disclosure" not in arms:
        arms["disclosure"] = "shown"
    return Bars(title, "", str(rows["unit"].iloc[0]), arms.reset_index(drop=True))


def outcome_bars(
    panels: Sequence[Bars],
    figure_id: str,
    title: str,
    of_difference: bool,
    note: str = "",
    bare: bool = False,
) -> Figure | None:
    """Panels of one unit as pairs of bars; None where no panel has a value to draw.

    `of_difference` says whose interval the lines are; `bare` that no bar bears one.
    Raises ValueError when the panels' units differ: they would share an axis.
    """
    drawn = [panel for panel in panels if panel.arms["value"].notna().any()]
    if not drawn:
        return None
    if len({panel.unit for panel in drawn}) > 1:
        raise ValueError("outcomes of several units can't share an axis")
    data = pd.concat(
        [
            named_arms(panel.arms).assign(outcome=panel.title, difference=panel.said)
            for panel in drawn
        ],
        ignore_index=True,
    )
    data[["value", "low", "high"]] = data[["value", "low", "high"]].astype("float64")
    unit = drawn[0].unit
    data = data.assign(unit=unit)
    percent = unit == "proportion"
    kind: ColumnKind = "percent" if percent else "number"
    return figure(
        id=figure_id,
        title=title,
        alt=" ".join(_alt(panel) for panel in drawn),
        chart=lambda width: _chart(data, unit, width),
        data=data[["outcome", "group", "value", "low", "high", "difference", "unit", "disclosure"]],
        columns=(
            Column("outcome", "Outcome"),
            Column("group", "Group"),
            Column("value", "Value" if percent else f"Value, {unit_name(unit)}", kind, 1),
            Column("low", "Line from", kind, 1),
            Column("high", "Line to", kind, 1),
            Column("difference", "Difference and its 95% interval"),
        ),
        note=notes(
            "" if bare else OF_DIFFERENCE if of_difference else OF_MEANS,
            note,
            hidden_note(data, "value"),
        ),
    )


def difference_in_words(effect: Any, stars: bool = True) -> str:
    """An effect in words: `Difference -24.7 points (-34.8 to -14.6) **`."""
    if not known(effect["estimate"]):
        return f"Difference {symbol_of(effect)}"
    unit = str(effect["unit"])
    said = f"Difference {change(effect['estimate'], unit)}"
    if known(effect["ci_low"]):
        said += f" ({interval(effect['ci_low'], effect['ci_high'], unit)})"
    return f"{said} {_stars(effect)}".strip() if stars else said


def _stars(effect: Any) -> str:
    stars = effect.get("stars")
    return str(stars) if known(stars) else ""


def _row(rows: pd.DataFrame, term: str) -> Any:
    found = rows[rows["term"] == term]
    return found.iloc[0] if len(found) else None


def _group_value(groups: pd.DataFrame, effect: Any, arm: str, other: Any) -> tuple[Any, Any]:
    if not len(groups) or known(effect.get("subgroup")):
        return None, other
    found = groups[
        (groups["sample"] == effect["sample"])
        & (groups["outcome"] == effect["outcome"])
        & (groups["arm"] == arm)
    ]
    return (found["value"].iloc[0], found.iloc[0]) if len(found) else (None, other)


def _alt(panel: Bars) -> str:
    parts = [
        f"{ARMS[row['arm']].lower()} "
        + (amount(row["value"], panel.unit) if known(row["value"]) else symbol_of(row))
        for _, row in panel.arms.iterrows()
    ]
    sign = f", {panel.certainty}" if panel.certainty else ""
    said = panel.said.replace("*", "").strip().lower()
    return f"{panel.title}: {joined(parts)}{'; ' + said if said else ''}{sign}."


def _chart(data: pd.DataFrame, unit: str, width: int) -> Any:
    """Bars upright on a wide page, lying on a narrow one."""
    narrow = width < 500
    left = 112 if narrow else 56
    outcomes = list(dict.fromkeys(data["outcome"]))
    room = left - 10 if narrow else (width - left - 12) / len(outcomes) - 8
    rows = data.assign(
        name=[broken(name, room) for name in data["outcome"]],
        top=data[["value", "high"]].max(axis=1).fillna(0.0),
        label=[
            f"{short(row['value'], unit)} {row['stars']}".strip()
            if known(row["value"])
            else symbol_of(row)
            for _, row in data.iterrows()
        ],
    )
    reach = float(rows["top"].max())
    lowest = min(float(rows[["low", "value"]].min().min()), 0.0)
    scale = alt.Scale(domain=[lowest, reach * (1.32 if narrow else 1.1) or 1.0], nice=False)
    extent: dict[str, Any] = {} if narrow else {"minExtent": left - 26, "maxExtent": left - 26}
    axis = alt.Axis(
        title=None if unit == "proportion" else unit_name(unit),
        format="~%" if unit == "proportion" else ",.0f",
        **(share_ticks(reach) if unit == "proportion" else {"tickCount": 4}),
        domain=False,
        ticks=False,
        **extent,
    )
    groups = list(ARMS.values())
    pairs = alt.Scale(paddingInner=0.12, paddingOuter=0)
    names = list(dict.fromkeys(rows["name"]))
    low: Any
    along: Any
    top: Any
    high: dict[str, Any]
    if narrow:
        shared: dict[str, Any] = {
            "y": alt.Y("name:N", sort=names, axis=label_axis(left)),
            "yOffset": alt.YOffset("group:N", sort=groups, scale=pairs),
        }
        value, low, high = "x", alt.X("low:Q"), {"x2": alt.X2("high:Q")}
        along, top = alt.X("value:Q", axis=axis, scale=scale), alt.X("top:Q")
        shift: dict[str, Any] = {"dx": 5, "align": "left"}
        size: dict[str, Any] = {"width": width - left - 12, "height": 72 * len(names)}
    else:
        shared = {
            "x": alt.X("name:N", sort=names, axis=label_axis(room, labelAngle=0)),
            "xOffset": alt.XOffset("group:N", sort=groups, scale=pairs),
        }
        value, low, high = "y", alt.Y("low:Q"), {"y2": alt.Y2("high:Q")}
        along, top = alt.Y("value:Q", axis=axis, scale=scale), alt.Y("top:Q")
        shift = {"dy": -9}
        size = {"width": width - left - 12, "height": 240}
    base = alt.Chart().encode(**shared)
    lines = [
        alt.Chart()
        .mark_rule(color=colour, strokeWidth=thickness)
        .encode(**shared, **{value: low}, **high)
        for colour, thickness in ((HALO, 7), (INK, 2))
        if rows["low"].notna().any()
    ]
    return alt.layer(
        base.mark_bar().encode(**{value: along}, color=group_colour(arm_legend())),
        *lines,
        base.mark_text(**text_mark(13), **shift).encode(**{value: top}, text=alt.Text("label:N")),
        data=rows[["name", "group", "value", "low", "high", "top", "label"]],
    ).properties(**size)
