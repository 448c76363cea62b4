"""How long cases stay open and how they end."""

from __future__ import annotations

import pandas as pd

from csc_outcomes.report.blocks import Block, Column, Section, Table, present
from csc_outcomes.report.figures import survival as figures
from csc_outcomes.report.figures.common import CLOCKS
from csc_outcomes.report.sections._chosen import (
    chosen_by_entry,
    estimates_of,
    main_sample,
    parameter,
)
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import arm


def section(source: Source, study_id: str) -> Section | None:
    """The study's own clock first; the model and other clocks below it."""
    sample = main_sample(source, study_id)
    curves = _of(source, "survival_curves", study_id, sample)
    summaries = _of(source, "survival_summaries", study_id, sample)
    incidence = _of(source, "cumulative_incidence", study_id, sample)
    if not len(curves):
        return None
    by_entry = chosen_by_entry(source, study_id)
    clocks = sorted(map(str, curves["clock"].unique()))
    main = parameter(source, study_id, "survival_origin")
    clock = main if main is not None and main in clocks else clocks[0]
    blocks: list[Block | None] = [
        figures.survival_curves(curves, summaries, clock, chosen_by_entry=by_entry),
        _summary(summaries) if len(summaries) else None,
        figures.incidence_curves(incidence, clock, chosen_by_entry=by_entry)
        if len(incidence)
        else None,
    ]
    others: list[Block | None] = [
        figures.survival_curves(
            curves, summaries, other, figure_id=f"survival_{other}", chosen_by_entry=by_entry
        )
        for other in clocks
        if other != clock
    ]
    parts = [
        Section(name, title, shown, level=3)
        for name, title, found in (
            ("survival_model", "As the model has it", [_model(source, study_id, sample, clock)]),
            ("survival_clocks", "Counted from other days", others),
        )
        if (shown := [block for block in found if block is not None])
    ]
    kept = [block for block in blocks if block is not None]
    if not kept and not parts:
        return None
    return Section("survival", "How long cases stay open", kept, parts=parts)


def _of(source: Source, name: str, study_id: str, sample: str) -> pd.DataFrame:
    rows = source.table_or_empty(name, study_id=study_id)
    return rows[rows["sample"] == sample].reset_index(drop=True) if len(rows) else rows


def _model(source: Source, study_id: str, sample: str, clock: str) -> Block | None:
    curves = source.table_or_empty("cox_curves", study_id=study_id)
    estimates = estimates_of(source, study_id)
    found = estimates[
        estimates["estimator"].eq("cox")
        & estimates["sample"].eq(sample)
        & estimates["clock"].eq(clock)
        & estimates["term"].eq("treated")
    ].sort_values("analysis_id")
    if not len(curves) or not len(found):
        return None
    return figures.model_curves(curves, str(found["analysis_id"].iloc[0]), clock)


def _summary(summaries: pd.DataFrame) -> Table:
    data = summaries.assign(
        group=[arm(one) for one in summaries["arm"]],
        since=[CLOCKS.get(one, one) for one in summaries["clock"]],
        arm_order=summaries["arm"].map({"treated": 0, "comparator": 1}),
    ).sort_values(["clock", "arm_order"])
    columns = (
        Column("since", "Counted from"),
        Column("group", "Group"),
        Column("n", "Cases", "integer"),
        Column("n_events", "Closed", "integer"),
        Column("median_days", "Median days", "number", 0),
        Column("restricted_mean_days", "Mean days up to the horizon", "number", 1),
        Column("horizon_days", "Horizon, days", "integer"),
    )
    return Table(
        "survival_summaries",
        "Median and mean length by the curves",
        data.drop(columns=["build_id", "arm_order"], errors="ignore").reset_index(drop=True),
        present(columns, data),
        "A median is not there where fewer than half of the cases are seen to close.",
    )
