"""Curves over time: cases still open, how they ended, and what the model says of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from csc_outcomes.report.blocks import Column, Figure
from csc_outcomes.report.drawing import INK
from csc_outcomes.report.figures.common import (
    ARMS,
    BEFORE_ENTRY,
    CLOCKS,
    QUIET,
    SHAPES,
    amount,
    arms_in,
    figure,
    group_colour,
    group_dash,
    hidden_note,
    joined,
    label_axis,
    line_legend,
    named_arms,
    notes,
    share_ticks,
    side_by_side,
    steps_thinned,
    text_mark,
    tick_step,
    tidy,
    words,
)

LEFT, LEFT_ALONE, RIGHT = 104, 46, 16
IMMORTAL = (
    "Cases of the programme had to stay open until they entered it, so an early gap between the "
    "lines comes from how they were chosen and is no effect (immortal time)."
)
# With fewer, a curve of causes is an upright line that shows nothing.
FEWEST_DAYS = 3
CAUSES = {"closure": "Closed without later escalation", "escalation": "Escalated"}


def survival_curves(
    curves: pd.DataFrame,
    summaries: pd.DataFrame,
    clock: str,
    *,
    figure_id: str = "survival",
    chosen_by_entry: bool = True,
) -> Figure | None:
    """Shares of cases still open by days, with the numbers at risk below; None without a curve.

    `curves` and `summaries` are rows of `survival_curves` and `survival_summaries` of one study and
    sample; `chosen_by_entry` says that treated cases are those that entered the programme.
    """
    rows = named_arms(curves[curves["clock"] == clock])
    drawn = rows.dropna(subset=["survival"])
    if not len(drawn):
        return None
    told = summaries[summaries["clock"] == clock] if len(summaries) else summaries
    medians = _medians(told)
    caveat = IMMORTAL if chosen_by_entry and clock in BEFORE_ENTRY else ""
    return figure(
        id=figure_id,
        title=f"Cases still open, by days since {CLOCKS.get(clock, words(clock).lower())}",
        alt=_survival_alt(drawn, medians),
        chart=lambda width: _survival_chart(drawn, medians, width),
        data=rows,
        columns=(
            Column("group", "Group"),
            Column("time_days", "Days", "integer"),
            Column("n_at_risk", "At risk", "number", 1),
            Column("n_event", "Closed on the day", "number", 1),
            Column("survival", "Still open", "percent", 1),
            Column("ci_low", "95% interval from", "percent", 1),
            Column("ci_high", "to", "percent", 1),
        ),
        note=notes(
            "Bands are pointwise 95% confidence intervals; marks stand where half of the cases "
            "have closed.",
            "Numbers below are cases at risk, weighted in a weighted sample."
            if _has_all_at_risk(drawn)
            else "Of cases at risk not all numbers may be shown; those that may stand in the data.",
            caveat,
            _missing_arm(drawn),
            hidden_note(rows, "survival"),
        ),
    )


def incidence_curves(
    incidence: pd.DataFrame,
    clock: str,
    *,
    figure_id: str = "cumulative_incidence",
    chosen_by_entry: bool = True,
) -> Figure | None:
    """Shares of cases that have ended by each cause, by days; None without a curve.

    `incidence` is of one study and sample, as `cumulative_incidence`.
    """
    rows = named_arms(incidence[incidence["clock"] == clock])
    told = rows.dropna(subset=["incidence"])
    drawn = told[told.groupby(["arm", "cause"])["time_days"].transform("size") >= FEWEST_DAYS]
    if not len(drawn):
        return None
    causes = sorted(drawn["cause"].unique())
    parts = []
    for cause in causes:
        ends = _last(drawn[drawn["cause"] == cause], "incidence")
        parts.append(
            f"{CAUSES.get(cause, words(cause))}: "
            + joined(
                f"{amount(row['incidence'], 'proportion')} of {ARMS[row['arm']].lower()} cases by "
                f"day {row['time_days']}"
                for row in ends
            )
            + "."
        )
    return figure(
        id=figure_id,
        title=f"How cases ended, by days since {CLOCKS.get(clock, words(clock).lower())}",
        alt=" ".join(parts),
        chart=lambda width: _incidence_chart(drawn, causes, width),
        data=rows,
        columns=(
            Column("cause", "Ended by"),
            Column("group", "Group"),
            Column("time_days", "Days", "integer"),
            Column("n_at_risk", "At risk", "number", 1),
            Column("n_event", "Ended on the day", "number", 1),
            Column("incidence", "Ended by then", "percent", 1),
            Column("ci_low", "95% interval from", "percent", 1),
            Column("ci_high", "to", "percent", 1),
        ),
        note=notes(
            "Closing and escalating compete: a case that escalates can no longer close without a "
            "later escalation, so the two shares and those still open add up to all cases.",
            IMMORTAL if chosen_by_entry and clock in BEFORE_ENTRY else "",
            _missing_arm(drawn),
            "A curve of fewer than three days is in the data and isn't drawn."
            if len(drawn) < len(told)
            else "",
            hidden_note(rows, "incidence"),
        ),
    )


def model_curves(
    curves: pd.DataFrame, analysis_id: str, clock: str, *, figure_id: str = "cox_curves"
) -> Figure | None:
    """Shares still open as the proportional hazards model says; None where there is no curve."""
    rows = named_arms(curves[curves["analysis_id"] == analysis_id])
    drawn = rows.dropna(subset=["survival"])
    if not len(drawn):
        return None
    return figure(
        id=figure_id,
        title="Cases still open as the proportional hazards model says, by days since "
        + CLOCKS.get(clock, words(clock).lower()),
        alt="By the model, "
        + joined(
            f"{amount(row['survival'], 'proportion')} of {ARMS[row['arm']].lower()} cases are "
            f"still open at day {row['time_days']}"
            for row in _last(drawn, "survival")
        )
        + ".",
        chart=lambda width: _lines(_thinned(drawn, ["survival"], 0.75 * width), "survival", width),
        data=rows,
        columns=(
            Column("group", "Group"),
            Column("time_days", "Days", "integer"),
            Column("survival", "Still open", "percent", 1),
        ),
        note=notes(
            "The model holds one arm's hazard a fixed multiple of the other's, so its curves can't "
            "cross; where the curves of the cases themselves do, trust those.",
            hidden_note(rows, "survival"),
        ),
    )


def at_risk(curve: pd.DataFrame, days: Sequence[int]) -> list[float]:
    """Cases still watched just before each of the days; 0 after the last row of the curve."""
    rows = curve.sort_values("time_days")
    found = [rows[rows["time_days"] >= day]["n_at_risk"] for day in days]
    return [float(part.iloc[0]) if len(part) else 0.0 for part in found]


def _has_all_at_risk(drawn: pd.DataFrame) -> bool:
    return "n_at_risk" in drawn and bool(drawn["n_at_risk"].notna().all())


def _medians(summaries: pd.DataFrame) -> pd.DataFrame:
    if not len(summaries):
        return pd.DataFrame(columns=["arm", "median_days", "group"])
    return named_arms(summaries).dropna(subset=["median_days"])


def _missing_arm(drawn: pd.DataFrame) -> str:
    lacking = [name for arm, name in ARMS.items() if arm not in arms_in(drawn)]
    return f"There is no curve of the {joined(lacking).lower()} cases." if lacking else ""


def _last(drawn: pd.DataFrame, value: str) -> list[Any]:
    return [
        drawn[drawn["arm"] == arm].sort_values("time_days").dropna(subset=[value]).iloc[-1]
        for arm in arms_in(drawn)
    ]


def _survival_alt(drawn: pd.DataFrame, medians: pd.DataFrame) -> str:
    parts = []
    for row in _last(drawn, "survival"):
        median = medians[medians["arm"] == row["arm"]]["median_days"]
        half = (
            f"half had closed by day {tidy(median.iloc[0], 0)}"
            if len(median)
            else "fewer than half are seen to close"
        )
        parts.append(
            f"{ARMS[row['arm']]} cases: {half}; {amount(row['survival'], 'proportion')} were still "
            f"open at day {row['time_days']}, the end of the line."
        )
    return " ".join(parts)


def _thinned(drawn: pd.DataFrame, values: list[str], columns: float) -> pd.DataFrame:
    longest = float(drawn["time_days"].max())
    return pd.concat(
        [
            steps_thinned(drawn[drawn["arm"] == arm], "time_days", values, longest, columns)
            for arm in arms_in(drawn)
        ],
        ignore_index=True,
    )


def _days_axis(longest: float, width: int, **settings: Any) -> tuple[alt.X, list[int]]:
    step = tick_step(longest, 8 if width > 500 else 4)
    days = list(range(0, int(longest) + 1, step))
    axis = alt.Axis(values=days, format=",d", grid=False, title="Days", **settings)
    return alt.X("time_days:Q", axis=axis, scale=alt.Scale(domain=[0, longest], nice=False)), days


def _lines(
    rows: pd.DataFrame, value: str, width: int, *, left: int = LEFT_ALONE, height: int = 260
) -> Any:
    """Step lines of both arms with their bands, `left` pixels from the edge."""
    longest = max(float(rows["time_days"].max()), 1.0)
    across, _ = _days_axis(longest, width)
    reach = float(rows[["ci_high", value]].max().max() if "ci_high" in rows else rows[value].max())
    top = 1.0 if value == "survival" else min(max(1.1 * reach, 0.01), 1.0)
    upright = alt.Y(
        f"{value}:Q",
        axis=alt.Axis(
            title=None,
            format="~%",
            domain=False,
            ticks=False,
            minExtent=left,
            maxExtent=left,
            **share_ticks(top),
        ),
        scale=alt.Scale(domain=[0, top], nice=False),
    )
    columns = ["group", "time_days", value]
    layers = []
    if "ci_low" in rows and rows["ci_low"].notna().any():
        bands = _thinned(rows, ["ci_low", "ci_high"], width / 5)
        layers.append(
            alt.Chart(bands[["group", "time_days", "ci_low", "ci_high"]])
            .mark_area(interpolate="step-after", opacity=0.16)
            .encode(
                x=across,
                y=alt.Y("ci_low:Q"),
                y2=alt.Y2("ci_high:Q"),
                color=group_colour(line_legend()),
            )
        )
    layers.append(
        alt.Chart()
        .mark_line(interpolate="step-after")
        .encode(
            x=across,
            y=upright,
            color=group_colour(line_legend()),
            strokeDash=group_dash(),
        )
    )
    return alt.layer(*layers, data=rows[columns]).properties(
        width=width - left - RIGHT, height=height
    )


def _survival_chart(drawn: pd.DataFrame, medians: pd.DataFrame, width: int) -> Any:
    rows = _thinned(drawn, ["survival"], 0.75 * width)
    longest = max(float(rows["time_days"].max()), 1.0)
    _, days = _days_axis(longest, width)
    lines = _lines(rows, "survival", width, left=LEFT)
    half = alt.Chart(pd.DataFrame({"survival": [0.5]})).mark_rule(
        color=QUIET, strokeDash=[2, 3], strokeWidth=1
    )
    layers = [lines, half.encode(y=alt.Y("survival:Q"))]
    if len(medians):
        layers += [
            alt.Chart(medians[medians["arm"] == arm][["group", "median_days"]].assign(survival=0.5))
            .mark_point(size=110, filled=True, stroke="#ffffff", opacity=1, shape=shape)
            .encode(
                x=alt.X("median_days:Q"), y=alt.Y("survival:Q"), color=group_colour(line_legend())
            )
            for arm, shape in zip(ARMS, SHAPES, strict=True)
            if (medians["arm"] == arm).any()
        ]
    if not _has_all_at_risk(drawn):
        return alt.layer(*layers)
    names = [ARMS[arm] for arm in arms_in(drawn)]
    table = pd.DataFrame(
        [
            {"group": ARMS[arm], "time_days": day, "n": tidy(n, 0)}
            for arm in arms_in(drawn)
            for day, n in zip(days, at_risk(drawn[drawn["arm"] == arm], days), strict=True)
        ]
    )
    below = (
        alt.Chart(table)
        .mark_text(**text_mark(12))
        .encode(
            x=alt.X("time_days:Q", axis=None, scale=alt.Scale(domain=[0, longest], nice=False)),
            y=alt.Y("group:N", sort=names, axis=label_axis(LEFT, labelPadding=20)),
            text=alt.Text("n:N"),
        )
        .properties(
            width=width - LEFT - RIGHT,
            height=20 * len(names),
            title=alt.TitleParams("Cases at risk", fontSize=13, color=INK, offset=4),
        )
    )
    return alt.vconcat(alt.layer(*layers), below, spacing=8)


def _incidence_chart(drawn: pd.DataFrame, causes: Sequence[str], width: int) -> Any:
    columns = 1 if width < 500 else 2
    part = (width - 18 * (columns - 1)) // columns
    charts = []
    for cause in causes:
        rows = _thinned(drawn[drawn["cause"] == cause], ["incidence"], part)
        rows = rows.drop(columns=["ci_low", "ci_high"], errors="ignore")
        charts.append(
            _lines(rows, "incidence", part, height=190).properties(
                title=alt.TitleParams(CAUSES.get(cause, words(cause)), fontSize=14, anchor="start")
            )
        )
    return side_by_side(charts, columns)
