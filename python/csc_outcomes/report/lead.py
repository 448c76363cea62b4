"""What stands first on a study's page: what it is, of whom, and what it must not be taken for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from csc_outcomes.authorities import authorities_of, named
from csc_outcomes.report.blocks import Block, Facts, Prose
from csc_outcomes.report.formats import is_missing, shown
from csc_outcomes.report.pages import study_row
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import DESIGNS, words

NOBODY = "unknown"  # the code of a file whose authority nobody can tell


def lead_of(source: Source, study_id: str) -> list[Block]:
    """The notices and the facts above the contents."""
    study = study_row(source, study_id)
    return [*_notices(source, study), Facts(_facts(source, study))]


def _notices(source: Source, study: dict[str, Any]) -> list[Block]:
    """That the data are synthetic, or whose of them are."""
    of_study = study_authorities(source, study)
    made_up = [code for code in of_study if is_synthetic(source, [code])]
    if not made_up:
        return []
    whose, are_made_up = "in them", "the authority is made up"
    if len(of_study) > 1:
        are_made_up = "the authorities are made up"
    if len(made_up) < len(of_study):
        whose = f"in those of {named(authority_names(source, made_up))}"
        are_made_up = "no finding can rest on them"
    text = (
        f"no child, family or worker {whose} exists, and {are_made_up}. The page shows what an "
        "evaluation of this design reports; its numbers say nothing about the programme."
    )
    return [Prose((text,), tone="stop", word="Synthetic data:")]


def _facts(source: Source, study: dict[str, Any]) -> list[tuple[str, str]]:
    own = authority_names(source, study_authorities(source, study))
    rows = [
        ("Study", f"{study['study_name']} ({study['study_id']})"),
        ("Authority" if len(own) == 1 else "Authorities", named(own) or study["la_code"]),
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


def study_authorities(source: Source, study: dict[str, Any]) -> tuple[str, ...]:
    """The codes of the study's authorities; with *, of all that delivered."""
    log = source.table_or_empty("load_log")
    delivered = set(log["la_code"]) - {NOBODY} if "la_code" in log else set()
    return authorities_of(str(study["la_code"]), delivered)


def authority_names(source: Source, la_codes: Sequence[str]) -> list[str]:
    """Each authority's name and code, from whichever table has it."""
    names: dict[str, str] = {}
    for table in ("studies", "load_log", "local_authorities"):
        rows = source.table_or_empty(table)
        if "la_name" in rows and "la_code" in rows:
            known = rows.dropna(subset=["la_name"]).drop_duplicates("la_code")
            names |= dict(zip(known["la_code"], known["la_name"], strict=True))
    return [f"{names[code]} ({code})" if code in names else code for code in la_codes]


def is_synthetic(source: Source, la_codes: Sequence[str]) -> bool:
    """Whether data of any of the authorities are made up."""
    for table in ("local_authorities", "load_log", "release"):
        rows = source.table_or_empty(table)
        if "is_synthetic" not in rows:
            continue
        own = rows[rows["la_code"].isin(la_codes)] if "la_code" in rows else rows
        if len(own):
            return bool(own["is_synthetic"].fillna(False).astype(bool).any())
    return False
