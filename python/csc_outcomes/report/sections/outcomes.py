"""The primary outcomes as bars: with the interval of the difference, or of a trial's means."""

from __future__ import annotations

import pandas as pd

from csc_outcomes.report.blocks import Block, Section
from csc_outcomes.report.figures import outcomes as figures
from csc_outcomes.report.sections._chosen import (
    estimates_of,
    is_trial,
    label_of,
    primary_effects,
)
from csc_outcomes.report.source import Source


def section(source: Source, study_id: str) -> Section | None:
    """A figure for each unit; a trial's has a pair of bars for each group of its interactions."""
    effects = primary_effects(source, study_id)
    if not len(effects):
        return None
    blocks: list[Block] = []
    trial = is_trial(source, study_id)
    for unit, part in effects.groupby("unit", sort=False):
        panels = [
            bars
            for _, effect in part.iterrows()
            for bars in (_means if trial else _difference)(source, study_id, effect)
        ]
        figure = figures.outcome_bars(
            panels,
            f"outcomes_{unit}",
            "Primary outcomes of both arms"
            + ("" if unit == "proportion" else f", in {str(unit).replace('_', ' ')}"),
            of_difference=not trial,
        )
        if figure is not None:
            blocks.append(figure)
    return Section("outcomes", "Primary outcomes", blocks) if blocks else None


def _difference(source: Source, study_id: str, effect: pd.Series) -> list[figures.Bars]:
    bars = figures.bars_of_difference(
        estimates_of(source, study_id),
        source.table_or_empty("group_outcomes", study_id=study_id),
        str(effect["analysis_id"]),
        label_of(source, str(effect["outcome"])),
    )
    return [] if bars is None else [bars]


def _means(source: Source, study_id: str, effect: pd.Series) -> list[figures.Bars]:
    """All cases, then those with and without what the treatment is interacted with."""
    rows = estimates_of(source, study_id)
    label = label_of(source, str(effect["outcome"]))
    found = [figures.bars_of_means(rows, str(effect["analysis_id"]), label)]
    same = rows[
        rows["term"].eq("treated")
        & rows["outcome"].eq(effect["outcome"])
        & rows["sample"].eq(effect["sample"])
        & rows["se_type"].eq(effect["se_type"])
        & rows["covariates"].str.startswith(f"{effect['covariates']}|treated:")
    ]
    for _, other in same.iterrows():
        name = str(other["covariates"]).rsplit("treated:", 1)[1]
        named = _covariate(source, study_id, name)
        for suffix, answer in (("_if_", "yes"), ("_unless_", "no")):
            found.append(
                figures.bars_of_means(
                    rows, str(other["analysis_id"]), f"{named}: {answer}", f"{suffix}{name}"
                )
            )
    return [bars for bars in found if bars is not None]


def _covariate(source: Source, study_id: str, name: str) -> str:
    rows = source.table_or_empty("covariate_balance", study_id=study_id)
    labels = list(rows[rows["covariate"] == name]["label"]) if len(rows) else []
    return str(labels[0]) if labels else name.replace("_", " ").capitalize()
