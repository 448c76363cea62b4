"""How children behave, as the strengths and difficulties questionnaire has it."""

from __future__ import annotations

from csc_outcomes.report.blocks import Section
from csc_outcomes.report.figures.describing import sdq_ranges
from csc_outcomes.report.source import Source


def section(source: Source, study_id: str) -> Section | None:
    """One figure; None where nobody was asked."""
    figure = sdq_ranges(source.table_or_empty("sdq_comparison", study_id=study_id))
    return None if figure is None else Section("behaviour", "How children behave", [figure])
