"""The header contract: declared headers against those found."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from csc_outcomes.landing.contract import DELIMITERS, FileSpec, shown
from csc_outcomes.landing.errors import Refused

MAX_COLUMNS = 2_000
MAX_NAMED = 30


@dataclass(frozen=True)
class Header:
    """Where each mapped canonical column stands in a row, and which headers nobody declared."""

    width: int
    positions: Mapping[str, int]  # canonical column -> index
    unknown: tuple[str, ...]


def match_header(cells: list[str], spec: FileSpec) -> Header:
    """The places of the declared headers (case and spaces don't count) among `cells`.

    Refused where a declared header is missing or one stands there twice. The message shows what was
    found only where at least one declared header was: else the row may be data.
    """
    if len(cells) > MAX_COLUMNS:
        raise Refused("too_many_columns", f"{len(cells):,} columns, the limit is {MAX_COLUMNS:,}")
    places: dict[str, int] = {}
    declared = {_plain(header) for header in spec.columns.values()}
    has_declared = any(_plain(cell) in declared for cell in cells)
    for place, cell in enumerate(cells):
        name = _plain(cell)
        if name in places and has_declared:
            raise Refused(
                "duplicate_header",
                f"row {spec.header_row}: the header '{shown(cell)}' stands there twice",
            )
        if name:
            places[name] = place
    if not has_declared:
        raise Refused("missing_columns", _no_header_reason(cells, spec))
    expected = declared | {_plain(header) for header in spec.ignored_columns}
    unknown = tuple(shown(cell) for cell in cells if _plain(cell) and _plain(cell) not in expected)
    missing = [header for header in spec.columns.values() if _plain(header) not in places]
    if missing:
        raise Refused("missing_columns", _missing_reason(missing, unknown, spec))
    positions = {name: places[_plain(header)] for name, header in spec.columns.items()}
    return Header(len(cells), positions, unknown)


def _plain(header: str) -> str:
    return " ".join(header.replace("\ufeff", "").split()).casefold()


def _missing_reason(missing: list[str], unknown: tuple[str, ...], spec: FileSpec) -> str:
    by_plain = {_plain(header): header for header in unknown}
    parts = []
    for header in missing:
        close = get_close_matches(_plain(header), list(by_plain), n=1)
        hint = f" (found '{by_plain[close[0]]}')" if close else ""
        parts.append(f"'{shown(header)}'{hint}")
    found = f"undeclared headers found: {listed(unknown)}" if unknown else "no other headers found"
    return (
        f"row {spec.header_row}: declared but missing: {', '.join(parts)}; {found}; "
        "mend columns: in extract.yml or ask for the column"
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
