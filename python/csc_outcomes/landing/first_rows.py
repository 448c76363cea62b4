"""The first rows of each table that a file has: what its header is looked for in."""

from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from csc_outcomes.landing.contract import DELIMITERS, FileSpec
from csc_outcomes.landing.csv_rows import BadRow
from csc_outcomes.landing.database_rows import SUFFIXES as DATABASE_SUFFIXES
from csc_outcomes.landing.database_rows import database_tables
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.preset_tables import Preset, letters
from csc_outcomes.landing.readers import TEXT_SUFFIXES, open_rows
from csc_outcomes.landing.workbook import sheet_names

N_FIRST_ROWS = 12
N_FIRST_CELLS = 500
MAX_PARTS = 500


@dataclass(frozen=True)
class Part:
    """The first rows of a file, of one of its sheets or of one of its tables."""

    name: str  # of the file
    sheet: str | None
    delimiter: str
    rows: tuple[tuple[str, ...], ...]

    @property
    def plain_name(self) -> str:
        """The name by which the table is told: of the sheet or table, else of the file."""
        return letters(Path(self.name).stem if self.sheet is None else self.sheet)


def parts_of(path: Path, hint: FileSpec, preset: Preset) -> list[Part]:
    """The tables of a file, each with its first rows."""
    suffix = path.suffix.lower()
    if suffix in TEXT_SUFFIXES:
        return [_text_part(path, hint, preset)]
    sheets: list[str | None] = [hint.sheet]
    if hint.sheet is None and suffix == ".xlsx":
        sheets = list(sheet_names(path))
    elif hint.sheet is None and suffix in DATABASE_SUFFIXES:
        sheets = list(database_tables(path))
    if len(sheets) > MAX_PARTS:
        raise Refused(
            "too_many_tables", f"{path.name} has {len(sheets):,} tables, the limit is {MAX_PARTS}"
        )
    return [
        Part(path.name, sheet, hint.delimiter, _first_rows(path, replace(hint, sheet=sheet)))
        for sheet in sheets
    ]


def _text_part(path: Path, hint: FileSpec, preset: Preset) -> Part:
    """A text file, read with the declared delimiter or the one that shows the most headers."""
    parts = [Part(path.name, None, hint.delimiter, _first_rows(path, hint))]
    for delimiter in sorted({*DELIMITERS.values()} - {hint.delimiter}):
        with suppress(Refused):  # what is too long to be a cell has other delimiters
            rows = _first_rows(path, replace(hint, delimiter=delimiter))
            parts.append(Part(path.name, None, delimiter, rows))
    return max(parts, key=lambda part: max(map(preset.known, part.rows), default=0))


def _first_rows(path: Path, hint: FileSpec) -> tuple[tuple[str, ...], ...]:
    n_rows = max(N_FIRST_ROWS, hint.header_row)
    with open_rows(path, hint) as rows:
        return tuple(
            () if isinstance(row, BadRow) else tuple(row[:N_FIRST_CELLS])
            for row in islice(rows, n_rows)
        )
