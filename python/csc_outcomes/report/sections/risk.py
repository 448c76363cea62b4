"""Risk as coded from case notes."""

from __future__ import annotations

from csc_outcomes.report.blocks import Block, Column, Section, Table, present
from csc_outcomes.report.figures.risk import risk_boxes, risk_changes
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import arm


def section(source: Source, study_id: str) -> Section | None:
    """Spread and change of scores, and how common each risk is; None where nothing is coded."""
    found = (
        risk_boxes(source.table_or_empty("risk_distributions", study_id=study_id)),
        risk_changes(source.table_or_empty("risk_changes", study_id=study_id)),
    )
    blocks: list[Block] = [figure for figure in found if figure is not None]
    rows = source.table_or_empty("risk_prevalence", study_id=study_id)
    if len(rows) and rows["n_coded"].fillna(0).gt(0).any():
        data = rows.assign(group=[arm(one) for one in rows["arm"]])
        columns = (
            Column("label", "Factor"),
            Column("component", "Component"),
            Column("group", "Group"),
            Column("n_coded", "Coded", "integer"),
            Column("n_present", "Present", "integer"),
            Column("share", "Share", "percent", 1),
            Column("national_share", "England", "percent", 1),
        )
        blocks.append(
            Table(
                "risk_prevalence",
                "How common each factor is at referral",
                data.drop(columns=["build_id"], errors="ignore"),
                present(columns, data),
                is_folded=True,
            )
        )
    return Section("risk", "Risk in case notes", blocks) if blocks else None
