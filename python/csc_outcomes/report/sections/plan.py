"""Whether the analyses were planned before the outcomes were seen, and what was changed."""

from __future__ import annotations

from csc_outcomes.report.blocks import Block, Column, Prose, Section, Table, present
from csc_outcomes.report.source import Source

COLUMNS = [
    Column("kind", "Kind"),
    Column("item", "What"),
    Column("planned", "Planned"),
    Column("current", "Now"),
    Column("deviation", "How it departs"),
    Column("touches", "What it touches"),
]
WORDS = {
    "no_plan": (
        "No analysis plan was lodged for this study. Nothing shows that the analyses were chosen "
        "before the outcomes were seen; read every finding as exploratory."
    ),
    "as_planned": "The primary analyses were run as their plan says.",
    "planned": "The primary analyses were run as their plan says.",
}


def section(source: Source, study_id: str) -> Section | None:
    """What the plan is, and each departure from it."""
    estimates = source.table("effect_estimates", study_id=study_id)
    primary = estimates[estimates["is_primary"].fillna(False).astype(bool)]
    statuses = sorted(primary["plan_status"].dropna().unique()) if "plan_status" in primary else []
    changes = source.table_or_empty("plan_deviations", study_id=study_id)
    if not statuses and changes.empty:
        return None
    said = [WORDS.get(s, f"Primary analyses: {s.replace('_', ' ')}.") for s in statuses]
    if len(changes):
        said.append(f"{len(changes)} departures from the plan are recorded; each stands below.")
    blocks: list[Block] = [Prose(said, tone="caution" if "no_plan" in statuses else "plain")]
    if len(changes):
        title = "Departures from the plan"
        blocks.append(Table("plan_deviations", title, changes, present(COLUMNS, changes)))
    return Section("plan", "Plan and departures from it", blocks)
