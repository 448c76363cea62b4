"""Rows of a delimited text file: every line ends up in a row or in a bad row, none is swallowed.

Python's csv module reads (strictly) what we decode ourselves. A line whose quotes don't close would
swallow the lines that follow; here it is refused alone and those lines are read again.
"""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from csc_outcomes.landing.errors import Refused

MAX_LINE_CHARS = 1_000_000
MAX_CELL_CHARS = 100_000  # below the csv module's own 131,072
MAX_RECORD_LINES = 200  # a quoted cell may hold line breaks, but a stray quote must not cost much
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class BadRow:
    """Something in a file that can't be a record, with the reason and no value."""

    reason_code: str
    reason: str


Row = list[str] | BadRow


@contextmanager
def open_csv(path: Path, encoding: str | None, delimiter: str) -> Iterator[Iterator[Row]]:
    """Rows of the file at `path`; Refused where it isn't text in its encoding or is hostile."""
    codec = _codec(path, encoding)
    with path.open(encoding=codec, newline="", errors="strict") as stream:
        try:
            yield _CsvRows(stream, delimiter)
        except UnicodeError:
            raise Refused(
                "wrong_encoding",
                f"{path.name} is not {_spoken(codec)} throughout; declare its encoding: in "
                "extract.yml (files saved by Excel on Windows are often windows-1252)",
            ) from None


class _Lines(Iterator[str]):
    """Lines of a stream; the lines taken for the current record can be put back."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._put_back: deque[str] = deque()
        self.taken: list[str] = []

    def __next__(self) -> str:
        if len(self.taken) == MAX_RECORD_LINES:
            raise StopIteration
        line = (
            self._put_back.popleft()
            if self._put_back
            else self._stream.readline(MAX_LINE_CHARS + 1)
        )
        if not line:
            raise StopIteration
        if len(line) > MAX_LINE_CHARS:
            raise Refused("cell_too_large", f"a line is over {MAX_LINE_CHARS:,} characters long")
        if "\0" in line:
            raise Refused(
                "nul_character",
                "the file holds NUL characters: it is not a text file, or one in an encoding "
                "that extract.yml doesn't declare (such as utf-16)",
            )
        self.taken.append(line)
        return line

    def put_back_all_but_first(self) -> None:
        self._put_back.extendleft(reversed(self.taken[1:]))


class _CsvRows(Iterator[Row]):
    def __init__(self, stream: TextIO, delimiter: str) -> None:
        self._lines = _Lines(stream)
        self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)

    def __next__(self) -> Row:
        self._lines.taken = []
        try:
            cells = next(self._reader)
        except csv.Error:
            _check_cells([self._lines.taken[0]])
            self._lines.put_back_all_but_first()
            return BadRow("broken_quotes", "a quotation mark is not closed or not doubled")
        _check_cells(cells)
        return cells


def _check_cells(cells: list[str]) -> None:
    if max(map(len, cells), default=0) > MAX_CELL_CHARS:
        raise Refused("cell_too_large", f"a cell is over {MAX_CELL_CHARS:,} characters long")


def _codec(path: Path, declared: str | None) -> str:
    with path.open("rb") as stream:
        start = stream.read(4)
    marked = next((c for mark, c in BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)
    if declared and marked and not declared.startswith(marked.removesuffix("-sig")):
        raise Refused(
            "wrong_encoding",
            f"{path.name} is declared {_spoken(declared)}, but its byte order mark says "
            f"{_spoken(marked)}; mend encoding: in extract.yml",
        )
    if declared == "cp1252" and _has_utf8_letters(path):
        raise Refused(
            "wrong_encoding",
            f"{path.name} is declared windows-1252, but its letters beyond ASCII are all valid "
            "UTF-8; mend encoding: in extract.yml",
        )
    return marked or declared or "utf-8-sig"


def _has_utf8_letters(path: Path) -> bool:
    """Whether a file has letters beyond ASCII and all are UTF-8, which windows-1252 hardly is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii = True
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                is_ascii = is_ascii and block.isascii()
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return not is_ascii


def _spoken(codec: str) -> str:
    return {"cp1252": "windows-1252", "utf-8-sig": "utf-8"}.get(codec, codec)
