"""Escalations in the study by type: of any kind, to child protection, to care."""

from __future__ import annotations

from csc_outcomes.report.blocks import Section
from csc_outcomes.report.figures import outcomes as figures
from csc_outcomes.report.sections._chosen import (
    analysis_like,
    estimates_of,
    label_of,
    main_sample,
    primary_effects,
)
from csc_outcomes.report.source import Source

TYPES = ("escalated", "escalated_cp", "escalated_lac")


def section(source: Source, study_id: str) -> Section | None:
    """One figure of the types that the study counts; None where it counts none."""
    groups = source.table_or_empty("group_outcomes", study_id=study_id)
    if not len(groups):
        return None
    sample = main_sample(source, study_id)
    estimates = estimates_of(source, study_id)
    effects = primary_effects(source, study_id)
    shares = effects[effects["unit"] == "proportion"]
    main = shares.iloc[0] if len(shares) else None
    panels, has_difference = [], False
    for outcome in TYPES:
        label = label_of(source, outcome)
        analysis = analysis_like(estimates, main, outcome, sample)
        if analysis is None:
            bars = figures.bars_of_groups(groups, sample, outcome, label)
        else:
            bars = figures.bars_of_difference(estimates, groups, analysis, label)
            has_difference = True
        if bars is not None and bars.unit == "proportion":
            panels.append(bars)
    figure = figures.outcome_bars(
        panels,
        "escalation_types",
        "Escalations in the study, by type",
        of_difference=has_difference,
        note="A case can have both, so the types may add up to more than any escalation.",
        bare=not has_difference,
    )
    return None if figure is None else Section("escalation", "Escalations by type", [figure])
