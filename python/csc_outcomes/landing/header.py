"""The header contract: declared headers against those found.

Where the line break after the header is lost, or header_row is wrong, the header row holds a
child's values. So a cell that nobody declared is shown only where the whole row looks like headers;
rather a header is refused than a value shown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from csc_outcomes.landing.contract import DELIMITERS, FileSpec, counted, shown
from csc_outcomes.landing.errors import Refused

MAX_COLUMNS = 2_000
MAX_NAMED = 30
NUMBER = re.compile(r"[-+£$€]?[\d.,]+(e[-+]?\d+)?%?", re.IGNORECASE)
MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DATE_OR_LONG_NUMBER = re.compile(
    rf"\d{{4}}|\d[-/. ]+\d{{1,2}}[-/. ]+\d|\d[-/. ]*{MONTH}[-/. ,]*\d", re.IGNORECASE
)
DATA_FOUND = "some look like data"
NOTHING_AS_WIDE = "no record is as wide"
NO_RECORD = "no record follows"
HOW_DATA_GETS_THERE = "is a line break missing after the header, or is header_row wrong?"


@dataclass(frozen=True)
class Header:
    """Where each mapped canonical column stands in a row, and which headers nobody declared."""

    width: int
    positions: Mapping[str, int]  # canonical column -> index
    unknown: tuple[str, ...]


def match_header(cells: list[str], spec: FileSpec, record_width: int) -> Header:
    """The places of the declared headers (case and spaces don't count) among `cells`.

    `record_width` is the number of cells of the widest record that follows, 0 where none does.
    Refused where a declared header is missing, one stands there twice, or the row holds data.
    """
    if len(cells) > MAX_COLUMNS:
        raise Refused("too_many_columns", f"{len(cells):,} columns, the limit is {MAX_COLUMNS:,}")
    names = [_plain(cell) for cell in cells]
    declared = {_plain(header) for header in spec.columns.values()}
    if declared.isdisjoint(names):
        raise Refused("missing_columns", _no_header_reason(cells, spec))
    expected = declared | {_plain(header) for header in spec.ignored_columns}
    beyond = [cell for cell in cells if _plain(cell) not in expected]
    unknown = tuple(shown(cell) for cell in beyond if _plain(cell))
    doubt = _doubt(beyond, len(cells), record_width)
    missing = [header for header in spec.columns.values() if _plain(header) not in names]
    if missing:
        reason = _missing_reason(missing, () if doubt else unknown, spec)
        found = _beyond_reason(beyond, doubt) if doubt else _found_reason(unknown)
        raise Refused("missing_columns", f"{reason}; {found}")
    if doubt in (DATA_FOUND, NOTHING_AS_WIDE):
        raise Refused("header_holds_data", _beyond_reason(beyond, doubt))
    _check_no_duplicate(names, expected, spec)
    if doubt:
        unknown = (f"{counted(len(unknown), 'header')}, not shown: {doubt}",)
    places = {name: names.index(_plain(header)) for name, header in spec.columns.items()}
    return Header(len(cells), places, unknown)


def _doubt(beyond: list[str], width: int, record_width: int) -> str | None:
    """Why cells that nobody declared may not be headers; None where nothing speaks for it."""
    if any(_looks_like_data(cell) for cell in beyond):
        return DATA_FOUND
    if any(_plain(cell) for cell in beyond) and width > record_width:
        return NOTHING_AS_WIDE if record_width else NO_RECORD
    return None


def _looks_like_data(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell.strip()) or DATE_OR_LONG_NUMBER.search(cell))


def _check_no_duplicate(names: list[str], expected: set[str], spec: FileSpec) -> None:
    for place, name in enumerate(names, 1):
        first = names.index(name) + 1
        if name and first < place:
            which = f"the header '{shown(name)}'" if name in expected else "an undeclared header"
            raise Refused(
                "duplicate_header",
                f"row {spec.header_row}: {which} stands there twice, in cells {first} and {place}",
            )


def _plain(header: str) -> str:
    return " ".join(header.replace("\ufeff", "").split()).casefold()


def _missing_reason(missing: list[str], unknown: tuple[str, ...], spec: FileSpec) -> str:
    """What is missing and what was found; `unknown` is empty where it can't be shown."""
    by_plain = {_plain(header): header for header in unknown}
    parts = []
    for header in missing:
        close = get_close_matches(_plain(header), list(by_plain), n=1)
        hint = f" (found '{by_plain[close[0]]}')" if close else ""
        accepted = [f"'{shown(name)}'" for name in (header, *spec.accepted.get(header, ()))]
        parts.append(" or ".join(accepted) + hint)
    return f"row {spec.header_row}: declared but missing: {', '.join(parts)}"


def _found_reason(unknown: tuple[str, ...]) -> str:
    found = f"undeclared headers found: {listed(unknown)}" if unknown else "no other headers found"
    return f"{found}; mend columns: in extract.yml or ask for the column"


def _beyond_reason(beyond: list[str], doubt: str) -> str:
    """What can be said of cells that may be data: their number."""
    return (
        f"the header row has {counted(len(beyond), 'cell')} beyond the declared ones, and {doubt}: "
        f"{HOW_DATA_GETS_THERE} If they are headers, declare them under ignored_columns in "
        "extract.yml"
    )


def _no_header_reason(cells: list[str], spec: FileSpec) -> str:
    reason = f"row {spec.header_row}: none of the {len(spec.columns)} declared headers is there"
    for delimiter in sorted({*DELIMITERS.values()} - {spec.delimiter}):
        if len(cells) == 1 and delimiter in cells[0]:
            return f"{reason}; is the delimiter {delimiter!r}? Declare delimiter: in extract.yml"
    return (
        f"{reason} (its {len(cells)} cells may be data and are not shown); "
        "see header_row: and columns: in extract.yml"
    )


def listed(names: tuple[str, ...]) -> str:
    """Names in one line, cut where there are very many."""
    rest = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + rest
