"""What is printed: tables of headers, shapes and counts, within 100 columns and without a value."""

from __future__ import annotations

from collections.abc import Sequence

from csc_outcomes.adding.drift import Change, is_changed
from csc_outcomes.adding.propose import Match, Proposal
from csc_outcomes.landing.columns import FORMATS
from csc_outcomes.landing.contract import counted, shown

WIDTH = 100
COLUMN_WIDTHS = (22, 6, 9, 21, 22, 8)  # with two spaces before each: at most WIDTH
DRIFT_WIDTHS = (34, 21, 21, 16)
NOT_SHOWN = "({number}: not shown)"
KIND_NAMES = {"case_list": "a case list", "study_files": "study files", "records": "records"}


def proposal_lines(proposal: Proposal) -> list[str]:
    """What a table is and why, how it is written, and a row for each of its columns."""
    layout, profile = proposal.table.layout, proposal.profile
    sheet = f", sheet {shown(layout.sheet)}" if layout.sheet else ""
    n_headers = sum(bool(header.strip()) for header in proposal.table.headers)
    n_used = len({match.header for match in proposal.matches})
    required = [
        column.name
        for column in FORMATS[proposal.format][proposal.holds]
        if column.is_required and column.name in proposal.mapped
    ]
    among = f", {' and '.join(required)} among them" if required else ""
    written = [
        *([layout.encoding] if layout.encoding else []),
        *([f"delimiter {layout.delimiter}"] if layout.encoding else []),
        f"headers in row {layout.header_row}",
        counted(profile.n_records, "record")
        + (f" ({profile.n_bad:,} of them broken)" if profile.n_bad else ""),
        f"dates: {', '.join(proposal.date_formats) or 'none told'}",
    ]
    because = f"{n_used} of its {n_headers} headers are known or like a known one{among}"
    return [
        *wrapped(
            f"{shown(proposal.table.path.name)}{sheet}: {KIND_NAMES[proposal.format]} "
            f"(format {proposal.format}, holds {proposal.holds}), because {because}."
        ),
        *wrapped(f"  {'; '.join(written)}"),
        "",
        *_aligned(_column_rows(proposal)),
    ]


def _column_rows(proposal: Proposal) -> list[list[str]]:
    rows = [["header", "filled", "distinct", "looks like", "column", "how sure"]]
    by_header: dict[str, list[Match]] = {}
    for match in proposal.matches:
        by_header.setdefault(match.header, []).append(match)
    for number, (header, column) in enumerate(
        zip(proposal.table.headers, proposal.profile.columns, strict=True), 1
    ):
        matches = by_header.get(header, [])
        is_hidden = proposal.table.has_doubt and not matches
        name = NOT_SHOWN.format(number=number) if is_hidden else shown(header)
        share = f"{column.n_filled / column.n_records:.0%}" if column.n_records else "-"
        ignored = "ignored" if header in proposal.ignored else ""
        rows.append(
            [name, share, f"{column.n_distinct:,}", column.looks_like()]
            + ([matches[0].column, matches[0].confidence] if matches else [ignored, ""])
        )
        rows += [["", "", "", "", match.column, match.confidence] for match in matches[1:]]
    return rows


def drift_lines(title: str, changes: Sequence[Change]) -> list[str]:
    """Declared against found, as a table; one line where all is as declared."""
    n_new = sum(not change.declared for change in changes)
    if not is_changed(changes) and not n_new:
        return [f"{title}: all {len(changes)} declared headers are there, none is new."]
    rows = [["column", "declared", "found", "change"]]
    for change in changes:
        word = change.change if change.is_sure else f"probably {change.change}"
        rows.append([change.column or "-", change.declared or "-", change.found or "-", word])
    n_same = sum(change.change == "same" for change in changes)
    different = [row for row, change in zip(rows[1:], changes, strict=True) if row[3] != "same"]
    return [f"{title}: {n_same} headers as declared, and", *_aligned([rows[0], *different])]


def wrapped(sentence: str, indent: str = "    ") -> list[str]:
    """A sentence on lines of at most 100 characters."""
    lines, line = [], ""
    start = sentence[: len(sentence) - len(sentence.lstrip())]
    for word in sentence.split():
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = f"{start}{indent}{word}"
        else:
            line = f"{line} {word}" if line else f"{start}{word}"
    return [*lines, line]


def listed(title: str, sentences: Sequence[str]) -> list[str]:
    """A title and its sentences, one to a dash; nothing where there are none."""
    lines = [line for sentence in sentences for line in wrapped(f"  - {sentence}")]
    return ["", title, *lines] if lines else []


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    limits = COLUMN_WIDTHS if len(rows[0]) == len(COLUMN_WIDTHS) else DRIFT_WIDTHS
    cut = [[_cut(cell, limit) for cell, limit in zip(row, limits, strict=True)] for row in rows]
    widths = [max(len(row[i]) for row in cut) for i in range(len(rows[0]))]
    is_count = [title in ("filled", "distinct") for title in rows[0]]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, is_count, strict=True)
        ).rstrip()
        for row in cut
    ]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 2]}.."
