"""What this build computes beside what the programme's report printed."""

from __future__ import annotations

import pandas as pd

from csc_outcomes.report.blocks import Block, Column, Prose, Section, Table, present
from csc_outcomes.report.source import Source

COLUMNS = [
    Column("measure", "Figure"),
    Column("figure_group", "Of whom"),
    Column("published_as_printed", "Printed"),
    Column("computed", "Computed", "number", 2),
    Column("difference", "Difference", "number", 2),
    Column("unit_label", "Unit"),
    Column("verdict_label", "Verdict"),
    Column("reason", "Why"),
]
VERDICTS = {
    "agrees": "agrees",
    "differs": "differs",
    "not_reproducible": "not reproducible",
    "not_applicable": "nothing to compute",
}
UNITS = {"pp": "percentage points", "percent": "%"}


def section(source: Source, study_id: str) -> Section | None:
    """How many figures agree, then those that don't, then the rest."""
    rows = source.table_or_empty("published_comparison", study_id=study_id)
    if rows.empty:
        return None
    data = rows.assign(
        verdict_label=rows["verdict"].map(lambda v: VERDICTS.get(v, v)),
        unit_label=rows["unit"].map(lambda u: UNITS.get(u, u)),
    )
    odd = data[data["verdict"].isin(["differs", "not_reproducible"])]
    agree = data[data["verdict"] == "agrees"]
    rest = data[data["verdict"] == "not_applicable"]
    blocks: list[Block] = [Prose((_sentence(data),))]
    for name, title, part in (
        ("published_differs", "Figures that differ or can't be reproduced", odd),
        ("published_agrees", "Figures that agree", agree),
        ("published_other", "Figures with nothing to compute them from", rest),
    ):
        if len(part):
            blocks.append(
                Table(
                    name, title, part, present(COLUMNS, part), is_folded=name != "published_differs"
                )
            )
    return Section("published", "Beside the published figures", blocks)


def _sentence(data: pd.DataFrame) -> str:
    counts = data["verdict"].value_counts()
    n = {verdict: int(counts.get(verdict, 0)) for verdict in VERDICTS}
    return (
        f"Of {len(data)} figures that the report printed, {n['agrees']} agree with what this build "
        f"computes, {n['differs']} differ, {n['not_reproducible']} can't be reproduced from what "
        f"was printed, and for {n['not_applicable']} there is nothing to compute. Each figure is "
        "held to the digits in which it was printed."
    )
