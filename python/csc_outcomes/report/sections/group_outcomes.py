"""Every outcome of every sample, arm beside arm."""

from __future__ import annotations

import pandas as pd

from csc_outcomes.report.blocks import Column, Section, Table, present
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import SAMPLE_LABELS, SAMPLES, arm, outcome_labels, words

COLUMNS = [
    Column("label", "Outcome"),
    Column("arm_label", "Arm"),
    Column("n", "Cases", "integer"),
    Column("n_events", "With the outcome", "integer"),
    Column("value", "Value", "number", 1),
    Column("ci_low", "95% interval from", "number", 1),
    Column("ci_high", "to", "number", 1),
    Column("unit_label", "Unit"),
]
NOTE = (
    "Shares and means of weighted samples are weighted; counts are not. Shares are in per cent. "
    "The interval is that of the arm's own value; the difference has its own, among the estimates."
)


def section(source: Source, study_id: str) -> Section | None:
    """One table per sample, that of the primary outcomes first and open."""
    rows = source.table_or_empty("group_outcomes", study_id=study_id)
    if rows.empty:
        return None
    samples = sorted(rows["sample"].unique())
    estimates = source.table("effect_estimates", study_id=study_id)
    main = set(estimates[estimates["is_primary"].fillna(False).astype(bool)]["sample"])
    samples.sort(key=lambda sample: sample not in main)
    tables = [
        _table(source, rows[rows["sample"] == sample], sample, is_folded=sample not in main)
        for sample in samples
    ]
    return Section("group_outcomes", "Outcomes of each arm", tables)


def _table(source: Source, rows: pd.DataFrame, sample: str, is_folded: bool) -> Table:
    labels = outcome_labels(source)
    data = rows.assign(
        label=[labels.get(o, o) for o in rows["outcome"]],
        arm_label=[arm(a) for a in rows["arm"]],
        unit_label=["%" if unit == "proportion" else str(unit) for unit in rows["unit"]],
        arm_order=rows["arm"].map({"treated": 0, "comparator": 1}),
    ).sort_values(["label", "arm_order"])
    is_share = data["unit"] == "proportion"
    for name in ("value", "ci_low", "ci_high"):
        data[name] = data[name].where(~is_share, data[name] * 100)
    title = f"Outcomes: {words(SAMPLE_LABELS, sample)}"
    note = f"The sample: {words(SAMPLES, sample)}. {NOTE}"
    return Table(
        f"group_outcomes_{sample}", title, data, present(COLUMNS, data), note, is_folded=is_folded
    )
