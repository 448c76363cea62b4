"""The start page of a build: what lies where, for whom, and what may be passed on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from csc_outcomes.report import pages
from csc_outcomes.report.source import Kind, Source


@dataclass(frozen=True)
class Link:
    """A file of the build; `address` is relative to the start page."""

    address: str
    title: str
    what: str


@dataclass(frozen=True)
class Shelf:
    """Links for one group of readers, and whether they may pass them on."""

    id: str
    title: str
    who: str
    links: list[Link]


TABLES = "csc_outcomes.duckdb"
KINDS: tuple[Kind, ...] = ("release", "analyst")
WHO = {
    "release": (
        "release",
        "To pass on",
        "The folder release/ holds disclosure-controlled figures only and may be passed on, once "
        "the people who answer for the data have approved it.",
    ),
    "analyst": (
        "analyst",
        "For the authority's own analysts",
        "The folder analyst/ holds a row per child and small numbers: never pass it on, nor "
        "anything made from it without a check.",
    ),
}


def start_page(folder: Path, build_id: str) -> str:
    """The page as one HTML document; `folder` is a generation or its draft, and the page links what
    lies in it."""
    shelves = [shelf for kind in KINDS if (shelf := _shelf(folder, kind))]
    return pages.render(
        "start.html",
        None,
        title=f"Build {build_id}: start here",
        heading="Start here",
        build_id=build_id,
        facts=_facts(folder, build_id),
        shelves=[*shelves, *_documentation(folder)],
    )


def _shelf(folder: Path, kind: Kind) -> Shelf | None:
    if not (folder / kind / TABLES).is_file():
        return None
    reports = sorted((folder / kind).glob("report_*.html"))
    with Source(folder, kind) as source:
        studies = source.table_or_empty("studies")
    names = (
        dict(zip(studies["study_id"], studies["study_name"], strict=True)) if len(studies) else {}
    )
    ids = [path.stem.removeprefix("report_") for path in reports]
    report = "what the programme changed, how sure one can be, and what speaks against it"
    links = [
        *(Link(f"{kind}/report_{i}.html", f"Report: {names.get(i, i)}", report) for i in ids),
        Link(f"{kind}/quality.html", "Data quality", "what came in, and what it can bear"),
        Link(f"{kind}/csc_outcomes.xlsx", "Workbook", "the same tables for Excel"),
        Link(f"{kind}/{TABLES}", "Tables", "one DuckDB file; each table also as Parquet beside it"),
    ]
    there = [link for link in links if _is_there(folder, link)]
    return Shelf(*WHO[kind], there)


def _is_there(folder: Path, link: Link) -> bool:
    """Whether the build has it; the quality page is written in the same go as this one."""
    return (folder / link.address).is_file()


def _documentation(folder: Path) -> list[Shelf]:
    address = "docs/index.html"
    if not (folder / address).is_file():
        return []
    what = "every table and column, the rule behind it in SQL, and what it is made from"
    who = "Descriptions alone: no figure, nothing about a child."
    return [Shelf("documentation", "What the tables mean", who, [Link(address, "Tables", what)])]


def _facts(folder: Path, build_id: str) -> list[tuple[str, str]]:
    """The build, its disclosure profile, and whether its data are made up."""
    return [
        ("Build", build_id),
        ("Disclosure profile", _profile(folder)),
        ("Data", _whose_data(folder)),
    ]


def _profile(folder: Path) -> str:
    if not (folder / "release" / TABLES).is_file():
        return "none: this build has no release tables"
    with Source(folder, "release") as source:
        rows = source.table_or_empty("release")
    if rows.empty:
        return "not stated"
    title = f" ({rows['title'].iloc[0]})" if "title" in rows else ""
    return f"{rows['profile'].iloc[0]}, version {rows['profile_version'].iloc[0]}{title}"


def _whose_data(folder: Path) -> str:
    with Source(folder, "analyst") as source:
        rows = source.table("local_authorities")
    if rows.empty:
        return "no authority has delivered"
    n = len(rows)
    n_synthetic = int(rows["is_synthetic"].sum())
    if n_synthetic == n:
        return "synthetic: made-up children of made-up authorities"
    some = f", {n_synthetic} of them synthetic" if n_synthetic else ""
    return f"{n} authorit{'y' if n == 1 else 'ies'}{some}: real children stand behind these figures"
