"""Rows of a delimited text file: every line ends up in a row or in a bad row, none is swallowed.

Python's csv module reads (strictly) what we decode ourselves. A line whose quotes don't close would
swallow the lines that follow; here it is refused alone and those lines are read again. Text beyond
doubt can be taken in blocks instead, which costs far less: see csv_blocks.
"""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from csc_outcomes.landing.csv_blocks import Block, parse_block
from csc_outcomes.landing.errors import Refused

MAX_LINE_CHARS = 1_000_000
MAX_CELL_CHARS = 100_000  # below the csv module's own 131,072
MAX_RECORD_LINES = 200  # a quoted cell may hold line breaks, but a stray quote must not cost much
BLOCK_CHARS = 1 << 21
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
def open_csv(path: Path, encoding: str | None, delimiter: str) -> Iterator["CsvRows"]:
    """Rows of the file at `path`; Refused where it isn't text in its encoding or is hostile."""
    codec = _codec(path, encoding)
    with path.open(encoding=codec, newline="", errors="strict") as stream:
        try:
            yield CsvRows(stream, delimiter)
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
        self._since_mark: list[str] | None = None
        self.taken: list[str] = []

    def __next__(self) -> str:
        if len(self.taken) == MAX_RECORD_LINES:
            raise StopIteration
        if self._put_back:
            line = self._put_back.popleft()
        else:
            line = self._stream.readline(MAX_LINE_CHARS + 1)
            if self._since_mark is not None:
                self._since_mark.append(line)
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

    def mark(self) -> None:
        """Keeps all lines from here on, until `back_to_mark`."""
        self._since_mark = list(self._put_back)

    def back_to_mark(self) -> None:
        """Takes up again where the mark was set."""
        self._put_back, self._since_mark = deque(self._since_mark or ()), None

    def take_text(self) -> str:
        """The next block of text, empty at the end."""
        start = "".join(self._put_back)
        self._put_back.clear()
        text = self._stream.read(BLOCK_CHARS)
        return start + text + (self._stream.read(1) if text.endswith("\r") else "")

    def put_back_text(self, text: str) -> None:
        """Makes lines again of text that was taken; the last one is completed."""
        cut = text.rfind("\n") + 1
        rest = text[cut:] and text[cut:] + self._stream.readline(MAX_LINE_CHARS + 1)
        for part in (text[:cut], rest):
            self._put_back.extend(io.StringIO(part, newline=""))


class CsvRows(Iterator[Row]):
    """The rows of a file, one by one; or blocks of records as long as the text is beyond doubt."""

    def __init__(self, stream: TextIO, delimiter: str) -> None:
        self._delimiter = delimiter
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

    @contextmanager
    def peeked(self) -> Iterator[None]:
        """Rows that are read in here are read again behind it."""
        self._lines.mark()
        yield
        self._lines.back_to_mark()

    def blocks(self, width: int) -> Iterator[Block]:
        """The records that follow, up to the first text in doubt, which is left to be read row by
        row; those that haven't `width` cells are named as ragged."""
        rest = b""
        while True:
            more = self._lines.take_text()
            text = rest + more.encode()
            if not text:
                return
            found = parse_block(text, self._delimiter, width, MAX_RECORD_LINES, is_last=not more)
            if found is None:
                self._lines.put_back_text(text.decode())
                return
            block, n_bytes = found
            yield block
            rest = text[n_bytes:]


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
