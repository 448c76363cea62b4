"""What stands first on a study's page: what it is, of whom, and what it must not be taken for."""

from __future__ import annotations

from typing import Any

from csc_outcomes.report.blocks import Block, Facts, Prose
from csc_outcomes.report.formats import is_missing, shown
from csc_outcomes.report.pages import study_row
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import DESIGNS, words


def lead_of(source: Source, study_id: str) -> list[Block]:
    """The notices and the facts above the contents."""
    study = study_row(source, study_id)
    notices: list[Block] = []
    if is_synthetic(source, study["la_code"]):
        notices.append(
            Prose(
                (
                    "no child, family or worker in them exists, and the authority is made up. The "
                    "page shows what an evaluation of this design reports; its numbers say nothing "
                    "about the programme.",
                ),
                tone="stop",
                word="Synthetic data:",
            )
        )
    return [*notices, Facts(_facts(source, study))]


def _facts(source: Source, study: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("Study", f"{study['study_name']} ({study['study_id']})"),
        ("Authority", authority_name(source, study["la_code"])),
        ("Period", _period(study)),
        ("Design", words(DESIGNS, study["design"])),
        ("What is estimated", spelled_out(study["estimand"])),
        ("Level of evidence", spelled_out(study["evidence_level"])),
        ("Report evaluated", study["report"]),
        ("Build", source.build_id),
        ("This page", _page(source)),
    ]
    return [(name, str(value)) for name, value in rows if not is_missing(value)]


SPELLED_OUT = {
    "ATT": "the average effect of treatment on the treated, the programme's own cases",
    "Maryland": "on the Maryland scale of scientific methods, 1 the weakest and 5 the strongest",
}


def spelled_out(text: Any) -> Any:
    """The text with the field's abbreviations explained."""
    if is_missing(text):
        return text
    told = [meaning for word, meaning in SPELLED_OUT.items() if word in str(text).split()]
    return f"{text} ({'; '.join(told)})" if told else text


def _period(study: dict[str, Any]) -> str:
    return f"{shown(study['study_start'], 'date')} to {shown(study['study_end'], 'date')}"


def _page(source: Source) -> str:
    """Who may see this page, and what its signs mean."""
    if not source.is_release:
        return (
            "the analyst's view: every number as computed, small ones too; for people entitled to "
            "see them, not for release"
        )
    return (
        "the release view: counts that could identify somebody, and statistics resting on them, "
        "are hidden behind a symbol that its table explains"
    )


def authority_name(source: Source, la_code: str) -> str:
    """The authority's name and code, from whichever table has it."""
    for table in ("local_authorities", "load_log", "studies"):
        rows = source.table_or_empty(table)
        if "la_name" in rows and "la_code" in rows:
            names = rows.loc[rows["la_code"] == la_code, "la_name"].dropna()
            if len(names):
                return f"{names.iloc[0]} ({la_code})"
    return la_code


def is_synthetic(source: Source, la_code: str) -> bool:
    """Whether the authority's data are made up."""
    for table in ("local_authorities", "load_log", "release"):
        rows = source.table_or_empty(table)
        if "is_synthetic" not in rows:
            continue
        own = rows[rows["la_code"] == la_code] if "la_code" in rows else rows
        if len(own):
            return bool(own["is_synthetic"].fillna(False).astype(bool).any())
    return False
