"""How cases reach the analysis: boxes of those left and, between them, why others dropped out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from csc_outcomes.report.blocks import Column, Figure
from csc_outcomes.report.drawing import INK
from csc_outcomes.report.figures.common import (
    ARMS,
    QUIET,
    count,
    figure,
    hidden_note,
    joined,
    known,
    notes,
    symbol_of,
    words,
    wrapped,
)

FILL, BAND = "#ffffff", "#f3f2f1"


@dataclass(frozen=True)
class Box:
    """What is left of an arm after a step, and the row of the table that says so."""

    arm: str
    lines: tuple[str, ...]
    left_out: str


@dataclass(frozen=True)
class Step:
    """A step: its boxes side by side, and the reason why some were left out before it."""

    name: str
    reason: str
    boxes: tuple[Box, ...]


def sample_flow(flow: pd.DataFrame, *, figure_id: str = "sample_flow") -> Figure | None:
    """Cases of each arm from the first step to the analysis, as `sample_flow`; None without one.

    Steps at which no case of either arm drops out are not drawn; the table has them all.
    """
    if not len(flow):
        return None
    steps = []
    for order, rows in flow.groupby("step_order", sort=True):
        first = order == flow["step_order"].min()
        last = order == flow["step_order"].max()
        dropped = (rows["n_in"] != rows["n_out"]).fillna(True)
        if not (first or last or bool(dropped.any())):
            continue
        boxes = tuple(_case_box(rows, arm, first) for arm in ARMS if (rows["arm"] == arm).any())
        reason = "" if first else _reason(rows)
        steps.append(Step(words(rows["step"].iloc[0]), reason, boxes))
    title = "Who is in the study, and who dropped out"
    return _flow(figure_id, title, steps, flow, {"n_in": "Cases in", "n_out": "Cases left"})


def trial_flow(flow: pd.DataFrame, *, figure_id: str = "trial_flow") -> Figure | None:
    """Families and children of a trial from recommendation to analysis; None without a row.

    `flow` is of one study, as `trial_flow`: arm `all` up to allocation, then each arm.
    """
    if not len(flow):
        return None
    steps: list[Step] = []
    before: dict[str, Any] = {}
    for order, rows in flow.groupby("step_order", sort=True):
        arms = [arm for arm in ("all", *ARMS) if (rows["arm"] == arm).any()]
        boxes, changed = [], False
        for arm in arms:
            row = rows[rows["arm"] == arm].iloc[0]
            earlier = before.get(arm)
            split = earlier is None and bool(before) and arm != "all"
            changed = changed or earlier is None or not _same(row, earlier)
            left_out = "" if earlier is None or split else _families_out(earlier, row)
            boxes.append(Box(arm, _families(row), left_out))
        before = {arm: rows[rows["arm"] == arm].iloc[0] for arm in arms}
        if changed or order == flow["step_order"].max():
            reason = "" if not steps else _reason(rows)
            steps.append(Step(words(rows["step"].iloc[0]), reason, tuple(boxes)))
    title = "Families and children, from recommendation to analysis"
    counts = {"n_families": "Families", "n_children": "Children"}
    return _flow(figure_id, title, steps, flow, counts)


def attendance_flow(flow: pd.DataFrame) -> Figure | None:
    """Children of a trial from allocation to linked school records; None without a row.

    Steps named `linked_...` divide those linked and aren't boxes of the flow.
    """
    rows = flow[~flow["step"].str.startswith("linked_")] if len(flow) else flow
    if not len(rows):
        return None
    made = []
    for arm, part in rows.groupby("arm", sort=True):
        ordered = part.sort_values("step_order")
        made.append(ordered.assign(arm=arm, n_in=ordered["n_children"].shift(1)))
    joint = pd.concat(made, ignore_index=True).rename(columns={"n_children": "n_out"})
    joint["n_in"] = joint["n_in"].fillna(joint["n_out"])
    joint["reason"] = "Not " + joint["step"].map(words).str.lower()
    drawn = sample_flow(joint, figure_id="attendance_flow")
    if drawn is None:
        return None
    return figure(
        id=drawn.id,
        title="Children whose attendance is known",
        alt=drawn.alt,
        chart=drawn.chart,
        data=_with_groups(flow),
        columns=(
            Column("step_order", "Step", "integer"),
            Column("step", "Left after"),
            Column("group", "Group"),
            Column("n_children", "Children", "integer"),
        ),
        note=hidden_note(flow, "n_children"),
    )


def _flow(
    figure_id: str, title: str, steps: Sequence[Step], flow: pd.DataFrame, counts: dict[str, str]
) -> Figure:
    """The boxes of the steps, over a table of all of them with its `counts` (name: label)."""
    return figure(
        id=figure_id,
        title=title,
        alt=_alt(steps),
        chart=lambda width: _chart(steps, width),
        data=_with_groups(flow),
        columns=(
            Column("step_order", "Step", "integer"),
            Column("step", "Left after"),
            Column("group", "Group"),
            *(Column(name, label, "integer") for name, label in counts.items()),
            Column("reason", "Why the others dropped out"),
        ),
        note=notes(
            "Steps at which nobody dropped out are in the table only.",
            hidden_note(flow, *counts),
        ),
    )


def _with_groups(flow: pd.DataFrame) -> pd.DataFrame:
    return flow.assign(group=[ARMS.get(arm, "All") for arm in flow["arm"]])


def _case_box(rows: pd.DataFrame, arm: str, first: bool) -> Box:
    row = rows[rows["arm"] == arm].iloc[0]
    n_in, n_out = row["n_in"], row["n_out"]
    shown = count(n_out) if known(n_out) else symbol_of(row)
    if first:
        return Box(arm, (shown,), "")
    gone = f"{count(n_in - n_out)}" if known(n_in) and known(n_out) else symbol_of(row)
    return Box(arm, (shown,), gone)


def _families(row: Any) -> tuple[str, ...]:
    families, children = row["n_families"], row["n_children"]
    return (
        f"{count(families) if known(families) else symbol_of(row)} families",
        f"{count(children) if known(children) else symbol_of(row)} children",
    )


def _families_out(earlier: Any, row: Any) -> str:
    parts = []
    for name, one, many in (
        ("n_families", "family", "families"),
        ("n_children", "child", "children"),
    ):
        if not (known(earlier[name]) and known(row[name])):
            parts.append(f"{symbol_of(row if not known(row[name]) else earlier)} {many}")
            continue
        gone = round(earlier[name] - row[name])
        parts.append(f"{count(gone)} {one if gone == 1 else many}")
    return ", ".join(parts)


def _same(row: Any, earlier: Any) -> bool:
    return all(
        known(row[name]) and known(earlier[name]) and row[name] == earlier[name]
        for name in ("n_families", "n_children")
    )


def _reason(rows: pd.DataFrame) -> str:
    told = [str(one) for one in rows["reason"].dropna().unique()]
    return told[0] if told else ""


def _alt(steps: Sequence[Step]) -> str:
    parts = []
    for step in (steps[0], steps[-1]) if len(steps) > 1 else steps:
        parts.append(
            f"{step.name}: "
            + joined(
                (f"{ARMS[box.arm].lower()} " if box.arm in ARMS else "") + ", ".join(box.lines)
                for box in step.boxes
            )
        )
    return (
        f"A flow in {len(steps)} steps. From {parts[0]}"
        + (f" to {parts[-1]}" if len(parts) > 1 else "")
        + ". The table gives each step and the reason for each drop."
    )


def _chart(steps: Sequence[Step], width: int) -> Any:
    """Boxes at places of their own, in pixels: both axes are the picture's."""
    inner, top = width - 8, 0.0
    boxes: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []

    def say(line: str, x: float, y: float, kind: str) -> None:
        texts.append({"x": x, "y": y, "text": line, "kind": kind})

    for step in steps:
        columns = len(step.boxes)
        each = (inner - 12 * (columns - 1)) / columns
        lefts = [number * (each + 12) for number in range(columns)]
        if step.reason:
            lines = wrapped(step.reason, inner - 16, 13)
            gone = [
                wrapped(f"Left out: {box.left_out}", each, 13) if box.left_out else []
                for box in step.boxes
            ]
            height = 12 + 17 * (len(lines) + max(len(part) for part in gone))
            boxes.append({"x": 0, "x2": inner, "y": top, "y2": top + height, "kind": "band"})
            for number, line in enumerate(lines):
                say(line, inner / 2, top + 14 + 17 * number, "reason")
            for part, left in zip(gone, lefts, strict=True):
                for number, line in enumerate(part):
                    say(line, left + each / 2, top + 14 + 17 * (len(lines) + number), "out")
            top += height + 8
        height = 26 + 21 * max(len(box.lines) for box in step.boxes) + 8
        for box, left in zip(step.boxes, lefts, strict=True):
            boxes.append(
                {"x": left, "x2": left + each, "y": top, "y2": top + height, "kind": "box"}
            )
            say(ARMS.get(box.arm, "All"), left + each / 2, top + 15, "arm")
            for number, line in enumerate(box.lines):
                say(line, left + each / 2, top + 37 + 21 * number, "count")
        top += height + 8
    across = alt.Scale(domain=[0, inner], nice=False)
    down = alt.Scale(domain=[top, 0], nice=False)
    places = {
        "x": alt.X("x:Q", axis=None, scale=across),
        "y": alt.Y("y:Q", axis=None, scale=down),
    }
    frame = pd.DataFrame(boxes)
    drawn = (
        alt.Chart(frame)
        .mark_rect()
        .encode(
            **places,
            x2="x2:Q",
            y2="y2:Q",
            fill=alt.Fill(
                "kind:N",
                legend=None,
                scale=alt.Scale(domain=["box", "band"], range=[FILL, BAND]),
            ),
            stroke=alt.Stroke(
                "kind:N",
                legend=None,
                scale=alt.Scale(domain=["box", "band"], range=[INK, BAND]),
            ),
        )
    )
    written = pd.DataFrame(texts)
    layers: list[Any] = [drawn]
    looks: dict[str, dict[str, Any]] = {
        "reason": {"fontSize": 13, "color": INK},
        "out": {"fontSize": 13, "color": INK, "fontWeight": "bold"},
        "arm": {"fontSize": 12, "color": QUIET},
        "count": {"fontSize": 17, "color": INK, "fontWeight": "bold"},
    }
    for kind, look in looks.items():
        found = written[written["kind"] == kind]
        if len(found):
            layers.append(
                alt.Chart(found).mark_text(**look).encode(**places, text=alt.Text("text:N"))
            )
    return alt.layer(*layers).properties(width=inner, height=top)
