"""Lands downloaded statistics: every cell of every CSV in a folder as text, one row each.

The files are those of DfE's "Characteristics of children in need" as they are downloaded
(`time_period`, `geographic_level`, area codes, then one column per figure). Nothing is guessed and
nothing is fetched; what a column means is the seed `published_columns`.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from csc_outcomes.hashes import file_sha256
from csc_outcomes.landing.csv_rows import BadRow, open_csv
from csc_outcomes.landing.door import land
from csc_outcomes.landing.errors import Refused

FOLDER = "official_statistics"
FOLDER_VARIABLE = "CSC_OFFICIAL_STATISTICS"  # another folder than the project's own
# To be raised whenever the same file would land differently.
VERSION = "1"
AREA_COLUMNS = ("time_period", "geographic_level", "country_code", "region_code", "old_la_code")
REQUIRED = ("time_period", "geographic_level")
# Columns that say which row it is and not what was counted.
NO_FIGURES = {
    *AREA_COLUMNS,
    "time_identifier",
    "country_name",
    "region_name",
    "new_la_code",
    "la_name",
    "category",
}
SCHEMA = pa.schema(
    [
        ("file_name", pa.string()),
        ("source_row_number", pa.int64()),
        *((name, pa.string()) for name in AREA_COLUMNS),
        ("column_name", pa.string()),
        ("text", pa.string()),
    ]
)
EMPTY = "none.parquet"
OURS = re.compile(r"(none|statistics_[0-9a-f]{64})\.parquet")  # nothing else is ever deleted
MAX_FILE_BYTES = 200_000_000


class StatisticsReport(NamedTuple):
    """What became of the files: how many landed, and one line for each that didn't."""

    n_landed: int
    refused: tuple[str, ...]

    def summary(self) -> str:
        """One line, empty where there were no files."""
        if not self.n_landed and not self.refused:
            return ""
        text = f"published statistics: {self.n_landed} files"
        return "; ".join([text, *(f"left out {line}" for line in self.refused)])


def land_everything(project: Path) -> str:
    """Lands the extracts of a project, and the published statistics that lie beside them; a
    one-line summary. Raises what `land` and `land_statistics` raise."""
    summaries = land(project).summary(), land_statistics(project).summary()
    return "; ".join(summary for summary in summaries if summary)


def land_statistics(
    project: Path, landing_dir: Path | str = "landing", folder: Path | None = None
) -> StatisticsReport:
    """Lands the CSV files of `folder` in `landing_dir`/official_statistics.

    `folder` is by default what CSC_OFFICIAL_STATISTICS names, else the project's own. Relative
    folders start at the project. A file that was landed before isn't read again, what no file
    stands behind is deleted; without a folder an empty table is there. A file that isn't such a
    table is left out with a reason.
    """
    source = project / (folder or os.environ.get(FOLDER_VARIABLE) or FOLDER)
    target = project / landing_dir / FOLDER
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = {EMPTY}
    if not (target / EMPTY).is_file() or pq.read_schema(target / EMPTY) != SCHEMA:
        _write(target / EMPTY, SCHEMA.empty_table())
    refused = []
    for path in sorted(source.glob("*.csv")):
        try:
            name = _landed_name(path)
            if not (target / name).is_file():
                _write(target / name, _figures(path))
            kept.add(name)
        except (Refused, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            refused.append(f"{path.name}: {reason}")
    for path in target.iterdir():
        if OURS.fullmatch(path.name) and path.name not in kept:
            path.unlink(missing_ok=True)
    return StatisticsReport(len(kept) - 1, tuple(refused))


def _landed_name(path: Path) -> str:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Refused("file_too_large", f"over {MAX_FILE_BYTES:,} bytes")
    key = hashlib.sha256("|".join((VERSION, path.name, file_sha256(path))).encode()).hexdigest()
    return f"statistics_{key}.parquet"


def _figures(path: Path) -> pa.Table:
    with open_csv(path, None, ",") as rows:
        header = next(rows, None)
        if header is None or isinstance(header, BadRow):
            raise Refused("no_header", "there is no header")
        header = [name.strip() for name in header]
        missing = [name for name in REQUIRED if name not in header]
        if missing:
            raise Refused("missing_columns", f"there is no column {', '.join(missing)}")
        if len(set(header)) < len(header):
            raise Refused("repeated_columns", "a column is there twice")
        columns: list[list[object]] = [[] for _ in SCHEMA]
        for row in _cells(path.name, header, rows):
            for column, value in zip(columns, row, strict=True):
                column.append(value)
    return pa.table(columns, schema=SCHEMA)


def _cells(
    file_name: str, header: list[str], rows: Iterator[list[str] | BadRow]
) -> Iterator[tuple[object, ...]]:
    figures = [place for place, name in enumerate(header) if name and name not in NO_FIGURES]
    areas = [header.index(name) if name in header else None for name in AREA_COLUMNS]
    for number, row in enumerate(rows, 1):
        if isinstance(row, BadRow) or len(row) not in (0, len(header)):
            raise Refused("ragged_row", f"row {number} has not as many cells as the header")
        if not any(row):
            continue
        area = [None if place is None else row[place].strip() for place in areas]
        for place in figures:
            yield file_name, number, *area, header[place], row[place]


def _write(path: Path, table: pa.Table) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        pq.write_table(table, temporary, compression="zstd")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
