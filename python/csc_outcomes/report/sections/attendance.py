"""Days absent from school, and whose are known."""

from __future__ import annotations

import pandas as pd

from csc_outcomes.report.blocks import Block, Section
from csc_outcomes.report.figures import outcomes as figures
from csc_outcomes.report.figures.common import words
from csc_outcomes.report.figures.flow import attendance_flow
from csc_outcomes.report.sections._chosen import estimates_of, is_trial
from csc_outcomes.report.source import Source

OUTCOME = "absence_days"


def section(source: Source, study_id: str) -> Section | None:
    """Bars of all pupils and of each group of them, and the flow of those linked."""
    rows = estimates_of(source, study_id)
    groups = source.table_or_empty("group_outcomes", study_id=study_id)
    panels = []
    for _, effect in _analyses(rows).iterrows():
        title = "All pupils" if pd.isna(effect["subgroup"]) else words(effect["subgroup"])
        name = str(effect["analysis_id"])
        panels.append(
            figures.bars_of_means(rows, name, title)
            if is_trial(source, study_id)
            else figures.bars_of_difference(rows, groups, name, title)
        )
    bars = figures.outcome_bars(
        [panel for panel in panels if panel is not None],
        "absence",
        "Days absent from school",
        of_difference=not is_trial(source, study_id),
        note="Each group of pupils has a model of its own.",
    )
    flow = attendance_flow(source.table_or_empty("attendance_flow", study_id=study_id))
    blocks: list[Block] = [figure for figure in (bars, flow) if figure is not None]
    return Section("attendance", "Attendance at school", blocks) if blocks else None


def _analyses(rows: pd.DataFrame) -> pd.DataFrame:
    """One analysis per group of pupils, all made alike: adjusted, without interactions."""
    found = rows[
        rows["term"].eq("treated")
        & rows["outcome"].eq(OUTCOME)
        & rows["estimator"].eq("wls")
        & ~rows["covariates"].str.contains(":", regex=False, na=False)
    ]
    whole = found[found["subgroup"].isna()]
    if not len(whole):
        return found.head(0)
    order = whole.assign(
        is_bare=whole["covariates"].eq("none"), is_clustered=whole["se_type"].ne("hc1")
    ).sort_values(["is_bare", "is_clustered", "analysis_id"])
    main = order.iloc[0]
    for name in ("sample", "covariates", "se_type"):
        found = found[found[name] == main[name]]
    return found.sort_values(["subgroup", "analysis_id"], na_position="first").drop_duplicates(
        "subgroup"
    )
