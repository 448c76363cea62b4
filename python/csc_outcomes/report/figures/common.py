"""What all figures share: names of arms, colours with shapes and dashes, numbers in words."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair.utils.schemapi import debug_mode

from csc_outcomes.report.blocks import Column, Figure, present
from csc_outcomes.report.drawing import COMPARATOR, INK, TREATED

SHOWN = "shown"
ARMS = {"treated": "Programme", "comparator": "Comparison"}
SHAPES, DASHES = ["circle", "diamond"], [[1, 0], [6, 3]]
QUIET, HALO = "#505a5f", "#ffffff"
SAMPLES = {
    "unmatched": "All eligible cases",
    "cem_caliper": "Matched on strata and caliper",
    "psm_3nn": "Matched on propensity score",
    "psm_3nn_unique": "Matched on score, comparators once",
    "allocated_children": "Every allocated child",
}
CLOCKS = {
    "plan_start": "the plan start",
    "study_start": "the study start",
    "later_of_both": "the plan start or the study start, whichever is later",
    "programme_entry": "entry to the programme",
    "referral": "the referral",
    "recoded_referral": "the referral, or the study start where that is later",
}
# Clocks that start before a treated case enters the programme, which it must reach open.
BEFORE_ENTRY = ("plan_start", "study_start", "later_of_both", "referral", "recoded_referral")
CERTAINTY = {
    "**": "statistically significant at 1%",
    "*": "statistically significant at 5%",
    "": "not statistically significant at 5%",
}


def words(identifier: Any) -> str:
    """An identifier as words: `open_in_study` is "Open in study"."""
    text = str(identifier).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def known(value: Any) -> bool:
    """Whether a cell holds a value."""
    return not pd.isna(value)


def count(value: Any) -> str:
    """A count with thousands set apart; `[x]` where it isn't there."""
    return f"{round(value):,}" if known(value) else "[x]"


def amount(value: Any, unit: str) -> str:
    """A value in its unit: `54.9%`, `66.0 weeks`; `[x]` where it isn't there."""
    if not known(value):
        return "[x]"
    if unit == "proportion":
        return f"{tidy(100 * value)}%"
    return f"{tidy(value)} {unit.replace('_', ' ')}".strip()


def short(value: Any, unit: str) -> str:
    """A value as a mark bears it: with its sign of percent, without the name of its unit."""
    return amount(value, unit) if unit == "proportion" else tidy(value)


def share_ticks(reach: float, most: int = 5) -> dict[str, Any]:
    """Ticks of an axis of proportions from 0 up to `reach`, never past the whole."""
    step = next((one for one in (0.01, 0.02, 0.05, 0.1, 0.2) if reach / one <= most), 0.25)
    return {"values": [round(step * n, 2) for n in range(int(min(reach, 1.0) / step + 1e-9) + 1)]}


def unit_name(unit: str) -> str:
    """A unit for readers: `log_days` is "log days"."""
    return unit.replace("_", " ")


def change(value: Any, unit: str) -> str:
    """A difference with its sign, of proportions in percentage points: `-24.7 points`."""
    if not known(value):
        return "[x]"
    scaled = 100 * value if unit == "proportion" else value
    name = "points" if unit == "proportion" else unit.replace("_", " ")
    sign = "" if tidy(scaled).startswith("-") or tidy(scaled) == "0.0" else "+"
    return f"{sign}{tidy(scaled)} {name}".strip()


def interval(low: Any, high: Any, unit: str) -> str:
    """An interval of a difference in brackets' words: `-34.8 to -14.6`."""
    scale = 100 if unit == "proportion" else 1
    return f"{tidy(scale * low)} to {tidy(scale * high)}"


def tidy(value: float, digits: int = 1) -> str:
    """A number with a fixed count of decimals and no minus before nought."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def joined(parts: Iterable[str]) -> str:
    """Parts of a sentence: `a, b and c`."""
    items = list(parts)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def wrapped(text: str, width: float, font_size: float = 13) -> list[str]:
    """Lines of a text that fit into so many pixels at a font size."""
    return textwrap.wrap(text, max(int(width / (0.53 * font_size)), 8)) or [""]


def symbol_of(row: Any) -> str:
    """What stands for a value that isn't there: `[c]` where hidden, `[x]` where there is none."""
    hidden = row.get("disclosure", SHOWN)
    return f"[{hidden}]" if known(hidden) and hidden != SHOWN else "[x]"


def hidden_note(frame: pd.DataFrame, *values: str) -> str:
    """A sentence: how many values a figure can't show, and why; empty where all are shown."""
    if "disclosure" not in frame or not len(frame):
        return ""
    lacking = frame[list(values)].isna().any(axis=1)
    rows = frame[lacking & frame["disclosure"].ne(SHOWN) & frame["disclosure"].notna()]
    if not len(rows):
        return ""
    reasons = []
    for hidden, part in rows.groupby("disclosure", sort=True):
        told = list(part["disclosure_reason"].dropna()) if "disclosure_reason" in part else []
        reasons.append(f"[{hidden}]" + (f" {min(map(str, told))}" if told else ""))
    n = len(rows)
    return f"{n} {'value is' if n == 1 else 'values are'} not drawn: {'; '.join(reasons)}."


def notes(*sentences: str) -> str:
    """Sentences that aren't empty, one after the other."""
    return " ".join(sentence for sentence in sentences if sentence)


def figure(
    *,
    id: str,
    title: str,
    alt: str,
    chart: Callable[[int], Any],
    data: pd.DataFrame,
    columns: Sequence[Column] = (),
    note: str = "",
) -> Figure:
    """A figure whose table shows those of the columns that its data have."""
    kept = data.drop(columns=["build_id"], errors="ignore").reset_index(drop=True)

    def drawn(width: int) -> Any:
        # The charts are ours and tests check them whole: checking each part again as it is made
        # takes most of the time.
        with debug_mode(False):
            return chart(width)

    return Figure(id, title, alt, drawn, kept, present(columns, kept), note)


def arms_in(frame: pd.DataFrame) -> list[str]:
    """The arms of a frame, the programme's first."""
    return [arm for arm in ARMS if (frame["arm"] == arm).any()]


def named_arms(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the two arms, with the arm's name for readers as `group`."""
    rows = frame[frame["arm"].isin(list(ARMS))].copy()
    rows["group"] = rows["arm"].map(ARMS)
    return rows


def group_scale(colours: Sequence[Any] = (TREATED, COMPARATOR)) -> alt.Scale:
    """A scale of both arms in their order, whether or not both are there."""
    return alt.Scale(domain=list(ARMS.values()), range=list(colours))


def group_colour(legend: alt.Legend | None = None) -> alt.Color:
    """Colour by arm, with a legend or without one."""
    return alt.Color("group:N", scale=group_scale(), legend=legend)


def group_dash() -> alt.StrokeDash:
    """Dashes by arm, so that lines differ without colour; with the lines' legend."""
    return alt.StrokeDash("group:N", scale=group_scale(DASHES), legend=line_legend())


def group_shape(legend: alt.Legend | None = None) -> alt.Shape:
    """Shapes by arm, so that points differ without colour."""
    return alt.Shape("group:N", scale=group_scale(SHAPES), legend=legend)


def arm_legend() -> alt.Legend:
    """The legend of the arms, in one line above the plot; it needs no title."""
    return alt.Legend(title=None, orient="top", symbolSize=90)


def line_legend() -> alt.Legend:
    """As `arm_legend`, with strokes long enough to tell their dashes."""
    return alt.Legend(
        title=None, orient="top", symbolType="stroke", symbolSize=900, symbolOpacity=1
    )


def legend_from_edge(left: float, names: int, width: int, **settings: Any) -> alt.Legend:
    """A legend above the plot that starts at the picture's edge, `left` pixels before the plot.

    Long names have a line each on a narrow page and stand two in a line on a wide one.
    """
    columns = 1 if width < 500 else 2
    lines = -(-names // columns)
    return alt.Legend(
        title=None,
        orient="none",
        direction="vertical" if columns == 1 else "horizontal",
        columns=columns,
        legendX=-left,
        legendY=-20 * lines - 8,
        labelFontSize=12 if columns == 1 else 13,
        **settings,
    )


def label_axis(pixels: float, **settings: Any) -> alt.Axis:
    """An axis of names, each at most so many pixels wide and broken into lines at `|`.

    At the side it takes exactly these pixels; under the plot, with `labelAngle=0`, what it needs.
    """
    across: dict[str, Any] = (
        {} if "labelAngle" in settings else {"minExtent": pixels, "maxExtent": pixels}
    )
    return alt.Axis(
        title=None,
        labelLimit=pixels - 2,
        labelPadding=settings.pop("labelPadding", 10),
        **across,
        labelExpr="split(datum.label, '|')",
        ticks=False,
        domain=False,
        **settings,
    )


def broken(text: str, pixels: float, font_size: float = 13) -> str:
    """A name with `|` where `label_axis` breaks it."""
    return "|".join(wrapped(text, pixels, font_size))


def tick_step(longest: float, most: int) -> int:
    """The distance of ticks in days, of at most so many on an axis up to `longest`."""
    for step in (10, 20, 30, 50, 100, 200, 250, 500, 1000):
        if longest / step <= most:
            return step
    return int(math.ceil(longest / most / 1000) * 1000)


def steps_thinned(
    curve: pd.DataFrame, time: str, values: Sequence[str], longest: float, columns: float
) -> pd.DataFrame:
    """Of a step curve what a drawing of so many columns of pixels can show: of each the last row.

    Heights stay those of the table; the first row and the last stay.
    """
    rows = curve.sort_values(time)
    column = (rows[time] * (columns / max(longest, 1))).astype("int64")
    keep = column.ne(column.shift(-1)) | column.index.isin([rows.index[0], rows.index[-1]])
    kept = rows[keep.to_numpy()]
    same = kept[list(values)].eq(kept[list(values)].shift(1)).all(axis=1)
    same.iloc[[0, -1]] = False
    return kept[~same.to_numpy()]


def side_by_side(charts: Sequence[Any], columns: int, spacing: int = 18) -> Any:
    """Charts in rows of so many, each with scales of its own."""
    if len(charts) == 1:
        return charts[0]
    return alt.concat(*charts, columns=columns, spacing=spacing)


def text_mark(size: int = 13, **settings: Any) -> dict[str, Any]:
    """Settings of a text mark."""
    return {"fontSize": size, "color": INK, **settings}
