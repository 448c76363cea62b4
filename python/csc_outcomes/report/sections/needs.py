"""Why the study's children are in need, beside England."""

from __future__ import annotations

from csc_outcomes.report.blocks import Section
from csc_outcomes.report.figures.describing import primary_needs
from csc_outcomes.report.source import Source


def section(source: Source, study_id: str) -> Section | None:
    """One figure; None where no need is known."""
    figure = primary_needs(source.table_or_empty("primary_needs", study_id=study_id))
    return None if figure is None else Section("needs", "Who the cases are", [figure])
