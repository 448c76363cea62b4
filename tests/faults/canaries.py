"""Made-up names, pupil numbers, birth dates, postcodes and notes, planted in raw files of several
formats, and a look at everything that a project has afterwards for any of them."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from projects import Project
from references import COLUMNS, FIXTURES, contract
from small_project import small_copy

N = 20
NAMES = [f"Zebulon Quartermaine{chr(97 + n)}" for n in range(N)]
UPNS = [f"Q9876500{n:02}1234" for n in range(N)]
POSTCODES = [f"ZQ{n} 7XJ" for n in range(N)]
NOTES = [f"said at the kitchen table no {n}, she fears wolves" for n in range(N)]
BIRTH_DATES = [date(2012, 3, 2) + timedelta(days=31 * n) for n in range(N)]
# In columns that land, of a day and of a code: landed as found, and nowhere else.
MISPLACED = ["Ottoline Farthingale", "Peregrine Stoat"]
# What all of one kind share: only files that hold one of these are looked at word by word.
STEMS = {
    "name": ["quartermaine"],
    "upn": ["q98765"],
    "postcode": [" 7xj"],
    "note": ["kitchen table"],
    "misplaced": MISPLACED,
    "birth date": sorted({str(day.year) for day in BIRTH_DATES}),
}
# Where a full birth date is by contract: pseudonymised records, and the private tables behind the
# marts, which need ages. Of what was misplaced, landed text alone.
PRIVATE = ("landing", "warehouse")
SCANNED_NOT = ("extracts", "keys")


def dates_as_written() -> list[str]:
    """Each birth date in the ways that programs write it."""
    return [day.strftime(style) for day in BIRTH_DATES for style in ("%Y-%m-%d", "%d/%m/%Y")]


@dataclass(frozen=True)
class Planted:
    """A small project whose raw files hold the canaries."""

    project: Project

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.project.path

    def hits(self) -> list[str]:
        """Which file, and which kind of canary, wherever one is found that may not be there."""
        return [
            f"{path.relative_to(self.path)}: {kind}"
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and not path.is_symlink()
            if (place := path.relative_to(self.path).parts[0]) not in SCANNED_NOT
            for kind in found_in(contents(path), place)
        ]


def found_in(texts: Iterator[bytes], place: str = "") -> list[str]:
    """The kinds of canary that some texts hold, of those that may not be in a place."""
    kinds = {"name": NAMES, "upn": UPNS, "postcode": POSTCODES, "note": NOTES}
    if place != "landing":
        kinds["misplaced"] = MISPLACED
    if place not in PRIVATE:
        kinds["birth date"] = dates_as_written()
    searched = {kind: (_spelt(STEMS[kind]), _spelt(words)) for kind, words in kinds.items()}
    found = set()
    for text in texts:
        lower = text.lower()
        for kind, (stems, words) in searched.items():
            if any(stem in lower for stem in stems) and any(word in lower for word in words):
                found.add(kind)
    return sorted(found)


@cache
def _spelt_once(words: tuple[str, ...]) -> list[bytes]:
    codes = ("utf-8", "utf-16-le", "utf-16-be")
    return [word.lower().encode(code) for word in words for code in codes]


def _spelt(words: Sequence[str]) -> list[bytes]:
    return _spelt_once(tuple(words))


def contents(path: Path) -> Iterator[bytes]:
    """A file's bytes, and what it holds unpacked: archives, Parquet and every table of DuckDB."""
    yield path.read_bytes()
    if path.suffix == ".parquet":
        with duckdb.connect() as memory:
            rows = memory.execute(f"select columns(*)::varchar from '{path}'").fetchall()
        yield str(rows).encode()
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as database:
            tables = database.execute("select table_name from duckdb_tables()").fetchall()
            for (table,) in tables:
                rows = database.execute(f'select columns(*)::varchar from "{table}"').fetchall()
                yield str(rows).encode()
    elif path.suffix == ".gz":
        yield gzip.decompress(path.read_bytes())
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def plant(target: Path) -> Planted:
    """The small project with 20 planted children, delivered by four authorities in four formats."""
    project = small_copy(target)
    with (FIXTURES / "edge_ties.csv").open(newline="", encoding="utf-8") as file:
        rows = [_planted(row, n) for n, row in enumerate(csv.DictReader(file))]
    text = as_csv(rows)
    table = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), table)
    files = {
        "edge_ties": ("S42", "cases.csv", text.encode()),
        "in_utf16": ("S48", "cases.csv", text.encode("utf-16")),
        "in_a_workbook": ("S49", "cases.xlsx", as_workbook(rows)),
        "in_parquet": ("S50", "cases.parquet", table.getvalue()),
    }
    for slug, (la_code, name, content) in files.items():
        project.add_delivery(slug, "all", declared(la_code, name), {name: content})
    return Planted(project)


def declared(la_code: str, name: str = "cases.csv") -> dict[str, Any]:
    """extract.yml of a planted file: it maps the birth date, and none of the other canaries."""
    return contract(la_code, name=name, columns=COLUMNS | {"birth_date": "dob"})


def _planted(row: dict[str, str], n: int) -> dict[str, str]:
    extra = dict.fromkeys(("full_name", "upn", "postcode", "notes", "dob"), "")
    if n < N:
        extra = {
            "full_name": NAMES[n],
            "upn": UPNS[n],
            "postcode": POSTCODES[n],
            "notes": NOTES[n],
            "dob": BIRTH_DATES[n].isoformat(),
        }
    if n == N:
        row = {**row, "first_lac_date": MISPLACED[0], "gender": MISPLACED[1]}
    return {**row, **extra}


def as_csv(rows: list[dict[str, str]]) -> str:
    """Rows as CSV with a header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def as_workbook(rows: list[dict[str, str]]) -> bytes:
    """Rows as the one sheet of a workbook, all cells text."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("cases")
        for n, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
            sheet.write_row(n, 0, [str(cell) for cell in cells])
    return stream.getvalue()
