"""Case lists as they come, and worse: each with what a reader that loses nothing makes of it."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

HEADER = ["child_ref", "case_ref", "opened", "ward"]
COLUMNS = {
    "child_id": "child_ref",
    "case_id": "case_ref",
    "plan_start_date": "opened",
    "ward": "ward",
}
OPTED_OUT = ("C1", "C7")
AWKWARD = (
    "=cmd|' /C calc'!A0",
    "'; drop table fct_load_log; --",
    '"a ""quoted"" word',
    "two\nlines",
    "; | \t ,",
    "Café £5 “Holbrook”",
    "\u2028",
    "<!DOCTYPE x>",
    "../../etc/passwd",
    "0" * 3000,
)
DATES = (
    *(f"2019-{month:02}-{day:02}" for month in range(1, 13) for day in (1, 2, 28)),
    "2019-13-02",
    "02/01/2019",
    "",
    "9999-12-31",
    "not a day",
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "windows-1252")
# How often each kind of harm is done, of 20 files.
HARM = {
    "none": 7,
    "ragged": 3,
    "twice": 1,
    "bytes": 4,
    "cut": 2,
    "header": 1,
    "nothing": 1,
    "garbage": 1,
}


@dataclass(frozen=True)
class Fuzzed:
    """A file, how its extract.yml describes it, and what it holds: `rows` in file order, each with
    a mark of its own in the last cell; `is_exact` where nothing was done to its bytes."""

    name: str
    content: bytes
    keys: dict[str, str] = field(default_factory=dict)
    rows: tuple[tuple[str, ...], ...] = ()
    harm: str = "none"

    @property
    def is_exact(self) -> bool:
        return self.harm in ("none", "ragged", "twice")


def fuzzed(number: int, chance: random.Random) -> Fuzzed:
    """File `number`: a format, a dialect, some rows, and some harm."""
    harm = chance.choices(list(HARM), list(HARM.values()))[0]
    kind = chance.choices(["csv", "xlsx", "parquet"], [14, 3, 3])[0]
    if harm == "nothing":
        return Fuzzed(f"cases.{kind}", b"", harm=harm)
    if harm == "garbage":
        return Fuzzed(f"cases.{kind}", chance.randbytes(chance.randint(1, 3000)), harm=harm)
    rows = _rows(number, chance)
    if harm == "twice":
        rows += rows
    if harm == "ragged" and kind == "csv":
        rows = [_ragged(row, chance) for row in rows]
    header = ["child", "case", "opened", "ward"] if harm == "header" else HEADER
    keys: dict[str, str] = {}
    if kind == "csv":
        keys = {
            "delimiter": chance.choice([",", ";", "|", "\t"]),
            "encoding": chance.choice(ENCODINGS),
        }
        content = _csv(header, rows, keys)
        if keys["encoding"] == "utf-8-sig":
            del keys["encoding"]
    else:
        content = _xlsx(header, rows) if kind == "xlsx" else _parquet(header, rows)
    if harm == "bytes":
        content = _with_noise(content, chance)
    if harm == "cut":
        content = content[: chance.randrange(len(content))]
    return Fuzzed(f"cases.{kind}", content, keys, tuple(map(tuple, rows)), harm)


def _rows(number: int, chance: random.Random) -> list[list[str]]:
    return [
        [
            chance.choice([f"C{chance.randint(0, 30)}", f"0{chance.randint(1, 99)}", "", "A B"]),
            chance.choice([f"K{chance.randint(0, 40)}", f"K{chance.randint(0, 999)}", ""]),
            chance.choice(DATES),
            f"{number}-{place}-{chance.choice(['', *AWKWARD])}",
        ]
        for place in range(chance.randint(0, 15))
    ]


def _ragged(row: list[str], chance: random.Random) -> list[str]:
    """Too few cells or too many; never a blank line, which is no record."""
    if chance.random() < 0.7:
        return row
    return ["C3", *row[1:], "more"][: chance.choice([2, 3, 5])]


def _csv(header: list[str], rows: list[list[str]], keys: dict[str, str]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=keys["delimiter"]).writerows([header, *rows])
    return stream.getvalue().encode(keys["encoding"], "replace")


def _xlsx(header: list[str], rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    for row_number, row in enumerate([header, *rows], 1):
        for column, text in enumerate(row, 1):
            cell = book.active.cell(row_number, column)
            cell.value, cell.data_type = text, "s"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _parquet(header: list[str], rows: list[list[str]]) -> bytes:
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    stream = io.BytesIO()
    table = pa.table([pa.array(column, pa.string()) for column in columns], header)
    pq.write_table(table, stream)
    return stream.getvalue()


def _with_noise(content: bytes, chance: random.Random) -> bytes:
    noisy = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(noisy))
        noisy[place] = chance.choice([chance.randrange(256), *b'"\n,;\0<'])
    return bytes(noisy)
