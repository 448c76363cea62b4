"""How a flat file is written: encoding, delimiter, sheet and header row, by evidence.

A file without headers has a child's values in its first row. So a row is taken for headers only
where several of its cells are known as such, and cells that look like data are never shown.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from csc_outcomes.landing.contract import DELIMITERS, ENCODINGS
from csc_outcomes.landing.csv_rows import BYTE_ORDER_MARKS, Row, open_csv
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.header import DATE_OR_LONG_NUMBER, NUMBER
from csc_outcomes.landing.workbook import xlsx_rows

N_LOOKED_AT = 200  # rows by which the delimiter is told
N_HEADER_ROWS = 10  # rows among which the headers are looked for
MIN_KNOWN = 2  # headers known by name, below which a row may as well be data


@dataclass(frozen=True)
class Layout:
    """How to read one file, or one sheet: what extract.yml says of it."""

    encoding: str | None = None  # as extract.yml spells it; None in a workbook
    delimiter: str = ","
    header_row: int = 1
    sheet: str | None = None


@dataclass(frozen=True)
class Table:
    """One file, or one sheet, with its header row found."""

    path: Path
    layout: Layout
    headers: tuple[str, ...]
    has_doubt: bool = False  # cells that nobody knows may be data: they are not shown

    def records(self) -> Iterator[Row]:
        """Every row after the headers that holds any text; Refused where the file is hostile."""
        with open_rows(self.path, self.layout) as rows:
            for row in islice(rows, self.layout.header_row, None):
                if not isinstance(row, list) or "".join(row).strip():
                    yield row


@contextmanager
def open_rows(path: Path, layout: Layout) -> Iterator[Iterator[Row]]:
    """All rows of a file or sheet, blank ones too, as text."""
    if path.suffix.lower() == ".xlsx":
        yield xlsx_rows(path, layout.sheet)
    else:
        codec = ENCODINGS[layout.encoding or "utf-8"]
        with open_csv(path, codec, DELIMITERS[layout.delimiter]) as rows:
            yield rows


def find_table(
    path: Path, given: Layout, asked: set[str], n_known: Callable[[Sequence[str]], int]
) -> Table:
    """The table of a file; what the user gave (fields of Layout named in `asked`) is not looked
    for. `n_known(cells)` counts the cells that are known as headers. Refused where no row is."""
    layout = given
    if path.stat().st_size == 0:
        raise Refused("empty_file", f"{path.name} is empty; ask for it again")
    if path.suffix.lower() != ".xlsx":
        if "encoding" not in asked:
            layout = replace(layout, encoding=encoding_of(path))
        if "delimiter" not in asked:
            layout = replace(layout, delimiter=_delimiter(path, layout))
    with open_rows(path, layout) as rows:
        first = list(islice(rows, N_LOOKED_AT))
    number = given.header_row if "header_row" in asked else _header_row(first, n_known)
    found = first[number - 1] if number is not None and number <= len(first) else None
    if number is None or not isinstance(found, list):
        raise Refused(
            "no_header_found",
            f"{path.name}: none of the first {N_HEADER_ROWS} rows has {MIN_KNOWN} headers that are "
            "known; no cell is shown, for they may be data. Say where the headers stand "
            "(--header-row 3) and which is which (--map child_id='Person ID')",
        )
    headers = list(found)
    while headers and path.suffix.lower() == ".xlsx" and not headers[-1].strip():
        headers.pop()
    widths = [len(row) for row in first[number:] if isinstance(row, list) and "".join(row).strip()]
    has_doubt = len(headers) > max(widths, default=0) or any(map(looks_like_data, headers))
    return Table(path, replace(layout, header_row=number), tuple(headers), has_doubt)


def looks_like_data(cell: str) -> bool:
    """Whether a cell of the header row is a number or holds a date or a long number."""
    return bool(NUMBER.fullmatch(cell.strip()) or DATE_OR_LONG_NUMBER.search(cell))


def encoding_of(path: Path) -> str:
    """The encoding of a text file, as extract.yml spells it: by its byte order mark, by the zero
    bytes of UTF-16, by being UTF-8 throughout, else windows-1252; Refused where it is none."""
    with path.open("rb") as stream:
        start = stream.read(4096)
    for mark, codec in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return codec.removesuffix("-sig")
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
    for spelling in ("utf-8", "windows-1252"):
        if _is_all(path, ENCODINGS[spelling]):
            return spelling
    raise Refused("wrong_encoding", f"{path.name} is in none of the encodings that are read")


def _is_all(path: Path, codec: str) -> bool:
    """Whether a file is text of one encoding to its end."""
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _delimiter(path: Path, layout: Layout) -> str:
    """The delimiter by which most rows fall into the same number of cells, more than one."""
    best, best_score = ",", 0.0
    for delimiter in (",", ";", "|", "tab"):
        with open_rows(path, replace(layout, delimiter=delimiter)) as rows:
            first = [row for row in islice(rows, N_LOOKED_AT) if isinstance(row, list)]
        widths = Counter(len(row) for row in first if "".join(row).strip())
        if not widths:
            continue
        width, n_rows = widths.most_common(1)[0]
        score = (width - 1) * (n_rows / widths.total()) ** 2
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _header_row(first: Sequence[Row], n_known: Callable[[Sequence[str]], int]) -> int | None:
    counts = [n_known(row) if isinstance(row, list) else 0 for row in first[:N_HEADER_ROWS]]
    return counts.index(max(counts)) + 1 if counts and max(counts) >= MIN_KNOWN else None
