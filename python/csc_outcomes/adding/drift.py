"""What a later delivery has otherwise than the one before: declared against found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from csc_outcomes.adding.propose import Proposal, plain_header
from csc_outcomes.landing.contract import FileSpec

SAME, RENAMED, MISSING, NEW = "same", "renamed", "missing", "new column"


@dataclass(frozen=True)
class Change:
    """One row of the table: a canonical column, its declared header, and what is there now."""

    column: str
    declared: str
    found: str
    change: str
    is_sure: bool = True


def compare(spec: FileSpec, proposal: Proposal) -> list[Change]:
    """Declared columns in their order, then headers that the earlier delivery doesn't know."""
    there = {plain_header(header) for header in proposal.table.headers}
    now = {match.column: match for match in proposal.matches}
    changes = []
    for column, declared in spec.columns.items():
        match = now.get(column)
        if plain_header(declared) in there:
            changes.append(Change(column, declared, declared, SAME))
        elif match is not None:
            changes.append(Change(column, declared, match.header, RENAMED, match.is_sure))
        else:
            changes.append(Change(column, declared, "", MISSING))
    known = {plain_header(header) for header in (*spec.columns.values(), *spec.ignored_columns)}
    known |= {plain_header(change.found) for change in changes}
    for header in proposal.table.headers:
        if header.strip() and plain_header(header) not in known and not proposal.table.has_doubt:
            column = next((m.column for m in proposal.matches if m.header == header), "")
            changes.append(Change(column, "", header, NEW))
    return changes


def is_changed(changes: Iterable[Change]) -> bool:
    """Whether a declared column is no longer where it was."""
    return any(change.change in (RENAMED, MISSING) for change in changes)


def changed_settings(spec: FileSpec, proposal: Proposal) -> Mapping[str, tuple[str, str]]:
    """What else differs: key of extract.yml -> (declared, found)."""
    layout = proposal.table.layout
    pairs = {
        "delimiter": (spec.delimiter, "\t" if layout.delimiter == "tab" else layout.delimiter),
        "header_row": (str(spec.header_row), str(layout.header_row)),
        "date_formats": (
            ", ".join(sorted(spec.date_formats)),
            ", ".join(sorted(proposal.date_formats)) or ", ".join(sorted(spec.date_formats)),
        ),
    }
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def compare_specs(earlier: Sequence[FileSpec], now: Sequence[FileSpec]) -> list[Change]:
    """The same of a format whose columns are known: by kind and canonical column."""
    before, after = (
        {
            (spec.holds, column): header
            for spec in specs
            for column, header in spec.columns.items()
            if spec.aside is None
        }
        for specs in (earlier, now)
    )
    changes = []
    for (holds, column), declared in before.items():
        found = after.get((holds, column), "")
        change = SAME if plain_header(found) == plain_header(declared) else RENAMED
        name = f"{holds}.{column}"
        changes.append(Change(name, declared, found, change if found else MISSING))
    for (holds, column), found in after.items():
        if (holds, column) not in before:
            changes.append(Change(f"{holds}.{column}", "", found, NEW))
    return changes
