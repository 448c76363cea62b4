"""Opens an extract file (CSV, xlsx, Parquet or a database) and gives its header and records as
text."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import chain, islice
from pathlib import Path

import pyarrow as pa

from csc_outcomes.landing.contract import XML_FORMATS, Delivery, FileSpec
from csc_outcomes.landing.csv_blocks import Block
from csc_outcomes.landing.csv_rows import BadRow, CsvRows, Row, open_csv
from csc_outcomes.landing.database_rows import SUFFIXES as DATABASE_SUFFIXES
from csc_outcomes.landing.database_rows import database_rows
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.header import Header, match_header
from csc_outcomes.landing.parquet_rows import parquet_rows
from csc_outcomes.landing.parts import Batch, Parts
from csc_outcomes.landing.workbook import xlsx_rows
from csc_outcomes.landing.xml_returns import XML_SUFFIX, XmlReturn

MAX_FILE_BYTES = 500_000_000
BATCH_RECORDS = 20_000
N_FIRST_RECORDS = 100  # that the header is compared with
TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
TABLE_SUFFIXES = (*TEXT_SUFFIXES, ".xlsx", ".parquet", *DATABASE_SUFFIXES)


def check_path(folder: Path, name: str) -> Path:
    """The path of the file `name` in `folder`; Refused unless it is a plain file right there."""
    if Path(name).name != name or any(mark in name for mark in ("/", "\\", ":", "\0")):
        raise Refused(
            "unsafe_file_name", "name: must be the plain name of a file beside extract.yml"
        )
    path = folder / name
    if path.resolve().parent != folder.resolve():
        raise Refused("unsafe_file_name", f"{name} is a link that leads out of its folder")
    if not path.is_file():
        raise Refused("file_not_found", f"{name} is declared in extract.yml but is not there")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Refused(
            "file_too_large",
            f"{name} has {path.stat().st_size:,} bytes, the limit is {MAX_FILE_BYTES:,}; split it",
        )
    return path


def groups(specs: Sequence[FileSpec]) -> list[tuple[FileSpec, ...]]:
    """The specs that are read together: all of one XML file, any other by itself; those that are
    set aside are read by nobody."""
    together: dict[str, list[FileSpec]] = {}
    for number, spec in enumerate(specs):
        if spec.aside is None:
            together.setdefault(spec.name if is_xml(spec.name) else f"{number}/", []).append(spec)
    return [tuple(group) for group in together.values()]


def is_xml(name: str) -> bool:
    """Whether a file is an XML return: then it holds several kinds of record."""
    return Path(name).suffix.lower() == XML_SUFFIX


@contextmanager
def open_parts(path: Path, specs: Sequence[FileSpec], delivery: Delivery) -> Iterator[Parts]:
    """The records of one of the `groups` of a delivery, read once."""
    if is_xml(path.name):
        if delivery.format not in XML_FORMATS:
            raise _unknown_type(path)
        with path.open("rb") as stream:
            yield XmlReturn(path, stream, specs, delivery)
    else:
        (spec,) = specs
        with _opened(path, spec) as (header, rows):
            yield _Table(header, rows, is_padded=_is_workbook(path))


class _Table:
    """A file of one kind of record with a header."""

    def __init__(self, header: Header, rows: Iterator[Row], is_padded: bool) -> None:
        self._header = header
        self._rows = rows
        self._is_padded = is_padded
        self._n_read = 0

    def batches(self) -> Iterator[Batch]:
        """The records, so many at a time."""
        if isinstance(self._rows, CsvRows):
            yield from map(self._of_block, self._rows.blocks(self._header.width))
        records = _records(self._rows, self._header.width, self._is_padded)
        numbered = enumerate(records, self._n_read + 1)
        while batch := list(islice(numbered, BATCH_RECORDS)):
            good = [(number, row) for number, row in batch if not isinstance(row, BadRow)]
            bad = [(number, row) for number, row in batch if isinstance(row, BadRow)]
            cells = {
                name: pa.array([row[place] for _, row in good], pa.string())
                for name, place in self._header.positions.items()
            }
            yield Batch(0, cells, [number for number, _ in good], bad)

    def _of_block(self, block: Block) -> Batch:
        n_before = self._n_read
        self._n_read += block.n_records
        cells = {
            name: block.columns.column(place).combine_chunks()
            for name, place in self._header.positions.items()
        }
        bad = [(n_before + n, _ragged(width, self._header.width)) for n, width in block.ragged]
        return Batch(0, cells, block.numbers + n_before, bad)

    def unknown(self) -> tuple[str, ...]:
        """The headers that nobody declared."""
        return self._header.unknown


@contextmanager
def open_table(path: Path, spec: FileSpec) -> Iterator[tuple[Header, Iterator[Row]]]:
    """The header of a file and an iterator over its records: a list of cells each, or a BadRow.

    Rows without any text are no records. Refused, at any moment, where the file as a whole can't be
    trusted.
    """
    with _opened(path, spec) as (header, rows):
        yield header, _records(rows, header.width, is_padded=_is_workbook(path))


@contextmanager
def _opened(path: Path, spec: FileSpec) -> Iterator[tuple[Header, Iterator[Row]]]:
    """The header of a file and all rows behind it."""
    with open_rows(path, spec) as rows:
        cells = _header_cells(rows, path, spec)
        with rows.peeked() if isinstance(rows, CsvRows) else nullcontext():
            first = list(islice(_filled(rows), N_FIRST_RECORDS))
        record_width = max((len(row) for row in first if isinstance(row, list)), default=0)
        header = match_header(cells, spec, record_width)
        yield header, rows if isinstance(rows, CsvRows) else chain(first, rows)


@contextmanager
def open_rows(path: Path, spec: FileSpec) -> Iterator[Iterator[Row]]:
    """All rows of a file as they stand there, the blank ones and the header included."""
    suffix = path.suffix.lower()
    if path.stat().st_size == 0:
        raise _empty(path)
    if _is_workbook(path):
        yield xlsx_rows(path, spec.sheet)
    elif suffix == ".parquet":
        yield parquet_rows(path)
    elif suffix in DATABASE_SUFFIXES:
        yield database_rows(path, spec.sheet)
    elif suffix in TEXT_SUFFIXES:
        with open_csv(path, spec.encoding, spec.delimiter) as rows:
            yield rows
    else:
        raise _unknown_type(path)


def _is_workbook(path: Path) -> bool:
    return path.suffix.lower() == ".xlsx"


def _header_cells(rows: Iterator[Row], path: Path, spec: FileSpec) -> list[str]:
    has_text = False
    for number, row in enumerate(rows, 1):
        if number == spec.header_row and isinstance(row, BadRow):
            raise Refused("header_unreadable", f"row {number}, the header: {row.reason}")
        has_text = has_text or isinstance(row, BadRow) or not _is_blank(row)
        if number == spec.header_row and isinstance(row, list) and not _is_blank(row):
            return _without_blank_end(row) if _is_workbook(path) else row
        if number >= spec.header_row and has_text:
            break
    if not has_text:
        raise _empty(path)
    raise Refused(
        "header_unreadable",
        f"{path.name}: row {spec.header_row} is blank or beyond the end; mend header_row: in "
        "extract.yml",
    )


def _filled(rows: Iterator[Row]) -> Iterator[Row]:
    return (row for row in rows if isinstance(row, BadRow) or not _is_blank(row))


def _records(rows: Iterator[Row], width: int, is_padded: bool) -> Iterator[Row]:
    for row in _filled(rows):
        if isinstance(row, BadRow):
            yield row
        else:
            cells = row[:width] if is_padded and _is_blank(row[width:]) else row
            yield cells if len(cells) == width else _ragged(len(cells), width)


def _ragged(n_cells: int, width: int) -> BadRow:
    return BadRow("ragged_row", f"{n_cells} cells where the header has {width}")


def _is_blank(cells: list[str]) -> bool:
    return not "".join(cells).strip()


def _without_blank_end(cells: list[str]) -> list[str]:
    return cells[: max(place for place, cell in enumerate(cells, 1) if cell.strip())]


def _empty(path: Path) -> Refused:
    return Refused("empty_file", f"{path.name} is empty; ask for it again")


def _unknown_type(path: Path) -> Refused:
    return Refused(
        "unknown_file_type", f"{path.name}: only {', '.join(TABLE_SUFFIXES)} files are read"
    )
