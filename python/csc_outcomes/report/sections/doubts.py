"""Doubts first: the diagnostics that warn or fail, those of the primary analyses in full."""

from __future__ import annotations

import pandas as pd

from csc_outcomes.report.blocks import Block, Column, Prose, Section, Table, present
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import found_in, outcome_labels

COLUMNS = [
    Column("label", "Outcome"),
    Column("analysis_id", "Analysis"),
    Column("meaning", "What is checked"),
    Column("found", "Found"),
    Column("limit", "Threshold"),
    Column("verdict", "Verdict"),
]
COUNTS = [
    Column("meaning", "What is checked"),
    Column("n_pass", "Analyses that pass", "integer"),
    Column("n_warn", "Analyses that warn", "integer"),
    Column("n_fail", "Analyses that fail", "integer"),
]


def section(source: Source, study_id: str) -> Section | None:
    """The primary analyses' warnings and failures, and how many analyses have each."""
    found = source.table_or_empty("study_diagnostics", study_id=study_id)
    if found.empty:
        return None
    estimates = source.table("effect_estimates", study_id=study_id)
    primary = estimates[estimates["is_primary"].fillna(False).astype(bool)]
    outcomes = primary.drop_duplicates("analysis_id").set_index("analysis_id")["outcome"]
    bad = found[found["analysis_id"].isin(outcomes.index) & found["verdict"].isin(["fail", "warn"])]
    bad = bad.assign(
        label=bad["analysis_id"].map(outcomes).map(lambda o: outcome_labels(source).get(o, o)),
        found=_texts(bad, "value"),
        limit=_texts(bad, "threshold"),
        verdict_order=bad["verdict"].map({"fail": 0, "warn": 1}),
    ).sort_values(["verdict_order", "label", "diagnostic"])
    blocks: list[Block] = [Prose((_sentence(bad),))]
    if len(bad):
        title = "Checks of the primary analyses that warn or fail"
        blocks.append(Table("doubts", title, bad, present(COLUMNS, bad)))
    blocks.append(
        Table("all_checks", "Checks of all analyses", _counts(found), COUNTS, is_folded=True)
    )
    return Section("doubts", "Doubts", blocks)


def _texts(checks: pd.DataFrame, name: str) -> pd.Series:
    """A column of checks in words."""
    texts = [found_in(check, name) for check in checks.to_dict("records")]
    return pd.Series(texts, index=checks.index, dtype=object)


def _sentence(bad: pd.DataFrame) -> str:
    if bad.empty:
        return "No check of a primary analysis warns or fails."
    n_fail = int((bad["verdict"] == "fail").sum())
    n_warn = len(bad) - n_fail
    return (
        f"Of the primary analyses' checks {n_fail} fail and {n_warn} warn. A failed check means "
        "that the estimate shouldn't be read as an effect; a warning means that it should be "
        "read with what the check says."
    )


def _counts(found: pd.DataFrame) -> pd.DataFrame:
    """How many analyses pass, warn and fail each check."""
    counted = found.groupby("meaning")["verdict"].value_counts().unstack(fill_value=0)
    counted = counted.reindex(columns=["pass", "warn", "fail"], fill_value=0)
    return counted.add_prefix("n_").reset_index().sort_values("meaning")
