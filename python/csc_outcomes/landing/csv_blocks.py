"""Blocks of well-formed delimited text, read column by column by pyarrow.

`parse_block` reads a block only where its text leaves no doubt how it is to be read: where quotes
stand only around whole cells or doubled inside them, lines end in one way and nothing comes near
a limit. There pyarrow and Python's csv module read the same; anything else is left to csv_rows.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv as arrow_csv

QUOTE, NEWLINE, RETURN = b'"\n\r'
MAX_RECORD_BYTES = 100_000  # of a record that is read here


@dataclass(frozen=True)
class Block:
    """The records of a block but for the blank ones."""

    columns: pa.Table  # of text, never null, those of the records that are as wide as the header
    numbers: npt.NDArray[np.int64]  # of these among all records of the block, from 1
    ragged: Sequence[tuple[int, int]]  # number and cells of every other record
    n_records: int


def parse_block(
    text: bytes, delimiter: str, width: int, max_lines: int, is_last: bool
) -> tuple[Block, int] | None:
    """The records that end in some UTF-8 text and the length of their text; None where the text is
    not beyond doubt.

    `text` begins with a record; a record may have `max_lines` lines. The last text of a file need
    not end in a line break.
    """
    if b"\0" in text or text.count(b"\r") != text.count(b"\r\n"):
        return None
    letters = np.frombuffer(text, np.uint8)
    lines = np.flatnonzero(letters == NEWLINE)
    if is_last and not text.endswith(b"\n"):
        lines = np.append(lines, len(text))
    ends, quotes = lines, np.flatnonzero(letters == QUOTE) if b'"' in text else lines[:0]
    if len(quotes):
        ends = lines[np.searchsorted(quotes, lines) % 2 == 0]
    if not len(ends):
        return None
    n_bytes = min(int(ends[-1]) + 1, len(text))
    n_lines = np.diff(np.searchsorted(lines, ends), prepend=-1)
    if np.diff(ends, prepend=-1).max() > MAX_RECORD_BYTES or n_lines.max() > max_lines:
        return None
    quotes = quotes[quotes < n_bytes]
    if not _are_in_place(letters[:n_bytes], quotes, ord(delimiter)):
        return None
    starts = np.concatenate(([0], ends[:-1] + 1))
    is_blank = _are_blank(text, letters, starts, ends, delimiter)
    return _parsed(text[:n_bytes], delimiter, width, is_blank, has_quotes=len(quotes) > 0), n_bytes


def _are_in_place(
    letters: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64], delimiter: int
) -> bool:
    """Whether each quote opens or closes a cell or is one of two that stand for one."""
    if len(quotes) % 2:
        return False
    around = np.array([delimiter, NEWLINE, RETURN], np.uint8)
    padded = np.concatenate(([NEWLINE], letters, [NEWLINE])).astype(np.uint8, copy=False)
    opening, closing = quotes[::2], quotes[1::2]
    is_doubled = opening[1:] == closing[:-1] + 1
    opens = np.isin(padded[opening], around)
    closes = np.isin(padded[closing + 2], around)
    return bool(
        opens[:1].all()
        and closes[-1:].all()
        and (opens[1:] | is_doubled).all()
        and (closes[:-1] | is_doubled).all()
    )


def _are_blank(
    text: bytes,
    letters: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    delimiter: str,
) -> npt.NDArray[np.bool_]:
    """Whether each record has no text; only those that don't begin with some are looked at."""
    padded = np.append(letters, (NEWLINE, NEWLINE))
    is_text = np.zeros(256, np.bool_)
    is_text[ord("!") : ord("~")] = True
    is_text[[QUOTE, ord(delimiter)]] = False
    first = padded[starts]
    begins = is_text[np.where(first == QUOTE, padded[starts + 1], first)]
    is_blank = np.zeros(len(starts), np.bool_)
    for place in np.flatnonzero(~begins):
        record = text[starts[place] : ends[place]].decode()
        cells = next(csv.reader([record], delimiter=delimiter), [])
        is_blank[place] = not "".join(cells).strip()
    return is_blank


def _parsed(
    text: bytes, delimiter: str, width: int, is_blank: npt.NDArray[np.bool_], has_quotes: bool
) -> Block:
    names = [str(place) for place in range(width)]
    others: list[tuple[int, int]] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        others.append((row.number - 1, row.actual_columns))
        return "skip"

    columns = arrow_csv.read_csv(
        pa.BufferReader(text),
        arrow_csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=names),
        arrow_csv.ParseOptions(
            delimiter=delimiter,
            quote_char='"' if has_quotes else False,
            newlines_in_values=has_quotes,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    is_wide = np.ones(len(is_blank), np.bool_)
    is_wide[[place for place, _ in others]] = False
    assert columns.num_rows == is_wide.sum()
    if is_blank.any():
        columns = columns.filter(pa.array(~is_blank[is_wide]))
    numbers: npt.NDArray[np.int64] = np.cumsum(~is_blank, dtype=np.int64)
    return Block(
        columns=columns,
        numbers=numbers[is_wide & ~is_blank],
        ragged=[(int(numbers[place]), n) for place, n in others if not is_blank[place]],
        n_records=int((~is_blank).sum()),
    )
