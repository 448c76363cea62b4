"""Whether the authority's data can carry the study: files, fitness and what stands against it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from csc_outcomes.authorities import MOST_NAMED, named
from csc_outcomes.report.blocks import Block, Column, Prose, Section, Table, present
from csc_outcomes.report.cells import without_code
from csc_outcomes.report.lead import study_authorities
from csc_outcomes.report.pages import study_row
from csc_outcomes.report.source import Source

VERDICTS = {"can_run": "can run", "with_caution": "with caution", "cannot": "cannot run"}
ORDER = {"cannot": 0, "with_caution": 1, "can_run": 2}
# Of studies of several authorities alone: whose file or verdict a row is.
AUTHORITIES = Column("authorities", "Authorities")
FILES = [
    Column("la_code", "Authority"),
    Column("file_name", "File"),
    Column("format", "Format"),
    Column("extract_as_of_date", "As of", "date"),
    Column("n_read", "Records read", "integer"),
    Column("n_loaded", "Loaded", "integer"),
    Column("n_quarantined", "Quarantined", "integer"),
    Column("n_duplicate", "Duplicates", "integer"),
    Column("n_superseded", "Superseded", "integer"),
    Column("n_opted_out", "Opted out", "integer"),
    Column("status", "Status"),
]
ANALYSES = [
    Column("because", "What stands for or against them"),
    AUTHORITIES,
    Column("verdict_label", "Verdict"),
    Column("n_analyses", "Analyses", "integer"),
    Column("analyses", "Which"),
]
OUTCOMES = [
    Column("label", "Outcome"),
    Column("verdict_label", "Verdict"),
    Column("because", "Because"),
    AUTHORITIES,
]
MISSING = [
    Column("label", "Outcome"),
    Column("n_treated", "Programme", "integer"),
    Column("n_unknown_treated", "of them unknown", "integer"),
    Column("n_comparator", "Comparison", "integer"),
    Column("n_unknown_comparator", "of them unknown", "integer"),
    Column("difference_of_known", "Difference of the known, percentage points", "points"),
    Column("least_difference", "Least it could be", "points"),
    Column("greatest_difference", "Greatest it could be", "points"),
]


def section(source: Source, study_id: str) -> Section | None:
    """Files, verdicts on analyses and outcomes, and outcomes that aren't known."""
    la_codes = study_authorities(source, study_row(source, study_id))
    blocks = [
        *_analyses(source, study_id),
        *_outcomes(source, la_codes),
        *_missing(source, study_id),
        *_files(source, la_codes),
    ]
    return Section("fitness", "The data and what they can carry", blocks) if blocks else None


def _analyses(source: Source, study_id: str) -> list[Block]:
    rows = source.table_or_empty("fitness_for_analysis", study_id=study_id)
    if rows.empty:
        return []
    grouped = rows.groupby(["verdict", "because"], as_index=False, dropna=False).agg(
        analyses=("analysis_id", lambda ids: ", ".join(sorted(set(ids)))),
        n_analyses=("analysis_id", "nunique"),
        authorities=("la_code", _whose),
    )
    n_authorities = rows["la_code"].nunique()
    grouped = grouped if n_authorities > 1 else grouped.drop(columns="authorities")
    data = _judged(grouped.assign(because=grouped["because"].map(without_code, na_action="ignore")))
    counts = rows["verdict"].value_counts()
    all_of_them = f"{len(rows)} analyses"
    if n_authorities > 1:
        n = rows["analysis_id"].nunique()
        all_of_them = f"{n} analyses in {n_authorities} authorities, {len(rows)} in all,"
    sentence = (
        f"Of {all_of_them} {int(counts.get('can_run', 0))} can run, "
        f"{int(counts.get('with_caution', 0))} can run with caution and "
        f"{int(counts.get('cannot', 0))} cannot."
    )
    title = "Fitness of the data for the study's analyses"
    return [
        Prose((sentence,)),
        Table("fitness_for_analysis", title, data, present(ANALYSES, data), is_folded=True),
    ]


def _whose(la_codes: pd.Series) -> str:
    """The authorities of a row's verdict."""
    return named(sorted(set(la_codes)))


def _of_authorities(source: Source, table: str, la_codes: Sequence[str]) -> pd.DataFrame:
    rows = source.table_or_empty(table)
    return rows[rows["la_code"].isin(la_codes)] if "la_code" in rows else pd.DataFrame()


def _outcomes(source: Source, la_codes: Sequence[str]) -> list[Block]:
    rows = _of_authorities(source, "fitness_for_outcomes", la_codes)
    if rows.empty:
        return []
    if len(la_codes) > 1:
        alike = ["label", "verdict", "because"]
        rows = rows.groupby(alike, as_index=False, dropna=False).agg(
            authorities=("la_code", _whose)
        )
    data = _judged(rows)
    whose = "authority's" if len(la_codes) == 1 else "authorities'"
    title = f"Outcomes that the {whose} data can show"
    return [Table("fitness_for_outcomes", title, data, present(OUTCOMES, data), is_folded=True)]


def _judged(rows: pd.DataFrame) -> pd.DataFrame:
    """The worst first."""
    data = rows.assign(
        verdict_label=rows["verdict"].map(lambda v: VERDICTS.get(v, v)),
        verdict_order=rows["verdict"].map(ORDER),
    )
    first = "label" if "label" in data else "because"
    return data.sort_values(["verdict_order", first])


def _missing(source: Source, study_id: str) -> list[Block]:
    rows = source.table_or_empty("missing_outcomes", study_id=study_id)
    if rows.empty:
        return []
    labels = source.table_or_empty("outcomes")
    names = dict(zip(labels["outcome"], labels["label"], strict=True)) if len(labels) else {}
    data = rows.assign(label=rows["outcome"].map(lambda o: names.get(o, o)))
    note = (
        "Least and greatest: what the difference of all eligible cases would be if each unknown "
        "outcome had fallen out one way or the other."
    )
    title = "Outcomes that aren't known"
    return [Table("missing_outcomes", title, data, present(MISSING, data), note)]


def _files(source: Source, la_codes: Sequence[str]) -> list[Block]:
    rows = _of_authorities(source, "load_log", la_codes)
    if rows.empty:
        return []
    data = rows.sort_values(["la_code", "file_name"])
    if len(la_codes) == 1:
        data = data.drop(columns="la_code")
    note = "Records read are those loaded, quarantined, duplicate, superseded and opted out."
    is_long = len(la_codes) > MOST_NAMED
    columns = present(FILES, data)
    return [Table("load_log", "Files that were read", data, columns, note, "file_name", is_long)]
