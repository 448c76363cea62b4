"""The sections of a study's page, in the order in which they stand there."""

from __future__ import annotations

from importlib import import_module

from csc_outcomes.report.blocks import Section
from csc_outcomes.report.source import Source

ORDER = (
    "headlines",
    "doubts",
    "needs",
    "sample_flow",
    "balance",
    "outcomes",
    "group_outcomes",
    "survival",
    "escalation",
    "attendance",
    "behaviour",
    "risk",
    "staff",
    "sensitivity",
    "costs",
    "published",
    "fitness",
    "plan",
    "methods",
    "limitations",
    "provenance",
)


def sections_of(source: Source, study_id: str) -> list[Section]:
    """Every section that the study has something for, in order."""
    modules = [import_module(f"{__name__}.{name}") for name in ORDER]
    made = [module.section(source, study_id) for module in modules]
    return [section for section in made if section is not None]
