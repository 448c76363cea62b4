"""Rows of one sheet of an xlsx workbook, as text; calamine reads values and evaluates nothing.

The workbook is measured before calamine opens it, for calamine unpacks it in memory: the unpacked
size (zip bombs), the used range (one stray cell in the last row costs 17 billion cells) and the
text that repeated strings grow to.
"""

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from csc_outcomes.landing.contract import nearest, shown
from csc_outcomes.landing.csv_rows import MAX_CELL_CHARS, Row
from csc_outcomes.landing.errors import Refused

SHARED_STRINGS = "xl/sharedStrings.xml"
MAX_UNPACKED_BYTES = 64_000_000
MAX_SHEET_CELLS = 2_000_000
MAX_SHEET_CHARS = 128_000_000
PIECE_BYTES = 500_000
EXACT_FLOATS_BELOW = 1e15  # Excel keeps 15 digits
CELL_POSITION = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})(\d{1,7})["']""")
SHARED_STRING = re.compile(rb"""\st\s*=\s*["']s["'][^>]*>\s*<v>\s*(\d{1,9})""")

Value = int | float | str | bool | dt.date | dt.time | dt.timedelta


def xlsx_rows(path: Path, sheet: str | None) -> Iterator[Row]:
    """Rows of the sheet (the only one, where none is named); Refused where it can't be read."""
    _check_size(path)
    with _calamine(path):
        rows = _sheet_rows(path, sheet)
    for row in rows:
        yield ["" if value == "" else cell_text(value) for value in row]


def sheet_names(path: Path) -> list[str]:
    """The names of the sheets, in order; Refused where the workbook can't be read."""
    _check_size(path)
    with _calamine(path), CalamineWorkbook.from_path(str(path)) as workbook:
        return list(workbook.sheet_names)


@contextmanager
def _calamine(path: Path) -> Iterator[None]:
    """Refused where calamine can't read the workbook."""
    try:
        yield
    except CalamineError:
        raise _unreadable(path) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # how Rust's panics arrive in Python
            raise
        raise _unreadable(path) from None


def _sheet_rows(path: Path, sheet: str | None) -> Iterator[list[Value]]:
    with CalamineWorkbook.from_path(str(path)) as workbook:
        names = workbook.sheet_names
        if sheet is None and len(names) != 1:
            raise Refused(
                "sheet_not_found",
                f"{path.name} has {len(names)} sheets; name one under sheet: in extract.yml",
            )
        if sheet is not None and sheet not in names:
            raise Refused(
                "sheet_not_found",
                f"{path.name} has no sheet '{shown(sheet)}'{nearest(sheet, names)}",
            )
        return workbook.get_sheet_by_name(sheet or names[0]).iter_rows()


def _check_size(path: Path) -> None:
    """Refused where the workbook is too large or broken; each state of a file is measured once."""
    found = path.stat()
    version = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    _measure(path.resolve(), version)


@lru_cache(maxsize=100)
def _measure(path: Path, version: tuple[int, ...]) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_archive(path, archive)
    except Refused:
        raise
    except Exception:  # whatever a hostile archive makes zipfile and zlib raise
        raise _unreadable(path) from None


def _check_archive(path: Path, archive: zipfile.ZipFile) -> None:
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_UNPACKED_BYTES:
        raise _too_large(path, f"unpacks to {unpacked:,} bytes, over {MAX_UNPACKED_BYTES:,}")
    if (damaged := archive.testzip()) is not None:  # also finds sizes that were declared too small
        raise Refused("workbook_unreadable", f"{path.name}: its part {shown(damaged)} is damaged")
    lengths = _shared_string_lengths(path, archive)
    for name in archive.namelist():
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            _check_sheet(path, archive.read(name), lengths)


def _shared_string_lengths(path: Path, archive: zipfile.ZipFile) -> list[int]:
    if SHARED_STRINGS not in archive.namelist():
        return []
    content = archive.read(SHARED_STRINGS)
    if content.count(b"</si>") > MAX_SHEET_CELLS:
        raise _too_large(path, f"holds over {MAX_SHEET_CELLS:,} texts")
    return [len(text) for text in content.split(b"</si>")]


def _check_sheet(path: Path, content: bytes, lengths: list[int]) -> None:
    width = height = 1
    n_chars = 0
    for piece in _pieces(path, content):
        positions = CELL_POSITION.findall(piece)
        width = max(width, *map(_column_number, {letters for letters, _ in positions}), 1)
        height = max(height, *map(int, {number for _, number in positions}), 1)
        used = map(int, SHARED_STRING.findall(piece))
        n_chars += sum(lengths[number] for number in used if number < len(lengths))
    if width * height > MAX_SHEET_CELLS:
        raise _too_large(
            path,
            f"has a sheet that reaches to row {height:,} and column {width:,}, over "
            f"{MAX_SHEET_CELLS:,} cells (delete stray cells)",
        )
    if n_chars > MAX_SHEET_CHARS:
        raise _too_large(path, f"has a sheet with over {MAX_SHEET_CHARS:,} characters")


def _pieces(path: Path, content: bytes) -> Iterator[bytes]:
    """A sheet in pieces that each end before a tag, so that no tag is cut."""
    start = 0
    while start < len(content):
        end = content.find(b"<", start + PIECE_BYTES, start + 2 * PIECE_BYTES)
        if end < 0 and len(content) > start + 2 * PIECE_BYTES:
            raise _too_large(path, f"has a sheet with over {PIECE_BYTES:,} bytes without a cell")
        end = end if end >= 0 else len(content)
        yield content[start:end]
        start = end


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def cell_text(value: Any) -> str:
    """A value of a workbook, a Parquet file or a database as text; Refused where it is hostile."""
    if isinstance(value, str):
        if len(value) > MAX_CELL_CHARS:
            raise Refused("cell_too_large", f"a cell is over {MAX_CELL_CHARS:,} characters long")
        if "\0" in value:
            raise Refused("nul_character", "the table holds NUL characters")
        return value
    if value is None:
        return ""
    if isinstance(value, bytes | list | dict | tuple):
        raise Refused(
            "unsupported_column_type", "the table holds bytes or nested values, not single ones"
        )
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float):
        return _float_as_text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def _float_as_text(value: float) -> str:
    if abs(value) >= EXACT_FLOATS_BELOW:
        return f"{value:.14E}"  # shows that digits may be lost, as Excel does
    return str(int(value)) if value.is_integer() else repr(value)


def _too_large(path: Path, what: str) -> Refused:
    return Refused("workbook_too_large", f"{path.name} {what}; deliver it as CSV")


def _unreadable(path: Path) -> Refused:
    return Refused(
        "workbook_unreadable",
        f"{path.name} is not a readable xlsx workbook (broken, or locked with a password)",
    )
