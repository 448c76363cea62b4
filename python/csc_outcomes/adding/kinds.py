"""What the tables of a delivery hold: one format for all of them, one kind of it for each."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from csc_outcomes.adding import place
from csc_outcomes.adding.known import FLAT_FORMATS, Codes, plain, vocabulary
from csc_outcomes.adding.layout import Layout, Table, find_table
from csc_outcomes.adding.place import Authority, Source
from csc_outcomes.adding.profile import TableProfile, profile_table
from csc_outcomes.adding.propose import Given, Proposal, plain_header, propose, score
from csc_outcomes.adding.return_files import unread_return
from csc_outcomes.landing.columns import FORMATS
from csc_outcomes.landing.contract import FileSpec, nearest, shown
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.readers import TEXT_SUFFIXES, is_xml
from csc_outcomes.landing.workbook import sheet_names

TOO_CLOSE = 0.5  # kinds whose scores differ by less can't be told apart


def find_proposals(
    project: Path, source: Source, options: argparse.Namespace, authority: Authority | None
) -> tuple[list[Proposal], list[str]]:
    """The proposal of each table, all of one format, and the names of files that hold none."""
    if authority is None or not authority.deliveries:
        declared: set[str] = set()
    else:
        specs = [spec for _, delivery in authority.deliveries for spec in delivery.files]
        declared = {plain(header) for spec in specs for header in spec.columns.values()}
    known = vocabulary() | declared | {plain(header) for header in (options.map or {}).values()}
    codes = Codes(project)
    tables: list[tuple[Table, TableProfile]] = []
    left: list[str] = []
    refusals: list[Refused] = []
    for path in source.files:
        if path.suffix.lower() not in (*TEXT_SUFFIXES, ".xlsx"):
            left.append(path.name)
            continue
        try:
            for table in _tables(path, options, known):
                _check_headers(table)
                tables.append((table, profile_table(table)))
        except Refused as refusal:
            refusals.append(refusal)
    if refusals:
        raise as_one(refusals)
    unread = [unread_return(path) for path in source.files if is_xml(path.name)]
    if not tables and any(unread):
        raise Refused("xml_unreadable", "; ".join(filter(None, unread)))
    if not tables:
        raise Refused("unknown_file_type", f"{source.folder} holds no table that is read")
    formats = [options.format] if options.format in FLAT_FORMATS else FLAT_FORMATS
    proposals = _best_format(tables, formats, options, authority, codes)
    _check_given(proposals, options)
    return proposals, left


def _check_given(proposals: Sequence[Proposal], options: argparse.Namespace) -> None:
    """Refused where a flag names a column or a header that no file has: it would do nothing."""
    columns = {c.name for p in proposals for c in FORMATS[p.format][p.holds]}
    headers = {plain_header(header) for p in proposals for header in p.table.headers}
    for flag, named in (("--map", options.map), ("--constant", options.constant)):
        for name in named or {}:
            if name not in columns:
                raise Refused(
                    "unknown_column",
                    f"{flag}: {proposals[0].holds} has no column {shown(name)}"
                    f"{nearest(name, columns)}",
                )
    for header in (*(options.map or {}).values(), *options.ignore):
        if plain_header(header) not in headers:
            raise Refused("header_not_found", f"no file has the header '{shown(header)}'")


def _tables(path: Path, options: argparse.Namespace, known: AbstractSet[str]) -> Iterator[Table]:
    given = Layout(
        options.encoding,
        options.delimiter or ",",
        options.header_row or 1,
        options.sheet,
    )
    names = ("encoding", "delimiter", "header_row", "sheet")
    asked = {name for name in names if getattr(options, name) is not None}
    sheets: list[str | None] = [options.sheet]
    if path.suffix.lower() == ".xlsx" and options.sheet is None:
        there = sheet_names(path)
        sheets = [None] if len(there) == 1 else list(there)
    found, last = 0, None
    for sheet in sheets:
        try:
            table = find_table(path, replace(given, sheet=sheet), asked, counter(known))
        except Refused as refusal:
            last = refusal
            if len(sheets) == 1 or refusal.code not in ("no_header_found", "empty_file"):
                raise
            continue
        found += 1
        yield table
    if not found and last is not None:
        raise last


def counter(known: AbstractSet[str]) -> Callable[[Sequence[str]], int]:
    """Counts the cells of a row that are known as headers."""

    def count(cells: Sequence[str]) -> int:
        return len({plain(cell) for cell in cells if cell.strip()} & known)

    return count


def _check_headers(table: Table) -> None:
    """Refused where one header stands there twice, as the door would."""
    counts = Counter(plain_header(header) for header in table.headers if header.strip())
    if any(n > 1 for n in counts.values()):
        places = [
            str(number)
            for number, header in enumerate(table.headers, 1)
            if counts[plain_header(header)] > 1
        ]
        raise Refused(
            "duplicate_header",
            f"{table.path.name}, row {table.layout.header_row}: a header stands there twice, in "
            f"cells {', '.join(places)}; have them named apart",
        )


def _best_format(
    tables: Sequence[tuple[Table, TableProfile]],
    formats: Sequence[str],
    options: argparse.Namespace,
    authority: Authority | None,
    codes: Codes,
) -> list[Proposal]:
    """The proposals of the one format that explains all tables best."""
    candidates: list[tuple[float, list[Proposal]]] = []
    refusals: list[Refused] = []
    for format_name in formats:
        try:
            chosen = [
                _best_kind(table, profile, format_name, options, authority, codes)
                for table, profile in tables
            ]
        except Refused as refusal:
            refusals.append(refusal)
        else:
            candidates.append((sum(score(proposal) for proposal in chosen), chosen))
    if not candidates:
        raise _two_formats(tables, formats, options, authority, codes) or refusals[0]
    candidates.sort(key=lambda candidate: -candidate[0])
    if len(candidates) > 1 and candidates[0][0] - candidates[1][0] < TOO_CLOSE:
        names = [f"{p[0].format} (holds {p[0].holds})" for _, p in candidates[:2]]
        raise _unclear(tables[0][0], names)
    return candidates[0][1]


def _two_formats(
    tables: Sequence[tuple[Table, TableProfile]],
    formats: Sequence[str],
    options: argparse.Namespace,
    authority: Authority | None,
    codes: Codes,
) -> Refused | None:
    """What there is to say where each file is known, but they don't belong to one delivery."""
    if len(tables) == 1:
        return None
    try:
        alone = [_best_format([one], formats, options, authority, codes)[0] for one in tables]
    except Refused:
        return None
    names = [f"{shown(p.table.path.name)} is {p.format} ({p.holds})" for p in alone]
    return Refused(
        "two_formats",
        f"{', '.join(names)}: a delivery has one format, so add them one by one",
    )


def _unclear(table: Table, options: Sequence[str]) -> Refused:
    return Refused(
        "kind_unclear",
        f"{table.path.name} may be {' or '.join(options)}: say which, with --format and --holds",
    )


def _best_kind(
    table: Table,
    profile: TableProfile,
    format_name: str,
    options: argparse.Namespace,
    authority: Authority | None,
    codes: Codes,
) -> Proposal:
    """The kind of one format that explains a table best; Refused where none does, or two."""
    earlier = place.earlier_delivery(authority, format_name, options.as_of)
    headers = {plain_header(header) for header in table.headers}
    spec = place.earlier_spec(earlier, table.path.name, table.layout.sheet, headers)
    kinds = list(FORMATS[format_name])
    if options.holds:
        if options.holds not in kinds:
            raise Refused(
                "kind_unclear", f"{format_name} has no kind {options.holds}: {', '.join(kinds)}"
            )
        kinds = [options.holds]
    elif spec is not None:
        kinds = [spec.holds]
    given = _given(options, spec)
    proposals = [propose(table, profile, format_name, kind, codes, given) for kind in kinds]
    proposals.sort(key=score, reverse=True)
    top = proposals[0]
    if len(proposals) > 1 and score(top) - score(proposals[1]) < TOO_CLOSE and score(top) > 0:
        raise _unclear(table, [p.holds for p in proposals[:2]])
    n_missing = len(set(top.missing) - {match.column for match in top.matches})
    if (score(top) <= 0 or n_missing > 1) and not (options.holds or spec):
        raise Refused(
            "kind_unclear",
            f"{table.path.name} is like nothing that is known: too few of its headers are. Say "
            "what it holds (--format, --holds) and which header is which (--map COLUMN=HEADER)",
        )
    return top


def _given(options: argparse.Namespace, spec: FileSpec | None) -> Given:
    return Given(
        columns=options.map or {},
        constants={**(spec.constants if spec else {}), **(options.constant or {})},
        ignored=tuple(dict.fromkeys((*options.ignore, *(spec.ignored_columns if spec else ())))),
        codes=spec.codes if spec else {},
        date_formats=tuple(options.date_format),
        declared=spec.columns if spec else {},
        takes_likely=options.yes,
    )


def as_one(refusals: Sequence[Refused]) -> Refused:
    """Several refusals as one, with all of their sentences."""
    if len(refusals) == 1:
        return refusals[0]
    reasons = "\n".join(f"  [{refusal.code}] {refusal.reason}" for refusal in refusals)
    return Refused(refusals[0].code, f"{len(refusals)} reasons:\n{reasons}")
