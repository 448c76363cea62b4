"""How stressed staff are."""

from __future__ import annotations

from csc_outcomes.report.blocks import Block, Section
from csc_outcomes.report.figures.describing import stress_distribution, stress_means
from csc_outcomes.report.source import Source


def section(source: Source, study_id: str) -> Section | None:
    """Mean scores and their spread; None where no staff were asked."""
    found = (
        stress_means(source.table_or_empty("staff_stress", study_id=study_id)),
        stress_distribution(source.table_or_empty("staff_stress_distribution", study_id=study_id)),
    )
    blocks: list[Block] = [figure for figure in found if figure is not None]
    return Section("staff", "How staff fare", blocks) if blocks else None
