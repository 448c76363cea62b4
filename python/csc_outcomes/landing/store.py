"""The landing folder: Parquet files named by file_key, written whole or not at all."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from csc_outcomes.landing.columns import FORMATS, RECORD_FORMATS
from csc_outcomes.landing.records import landed_schema

LOAD_LOG = "load_log"
REFUSED_ROWS = "refused_rows"
OBJECTIONS = "objections"
EMPTY = "_empty"
OURS = re.compile(r"([0-9a-f]{64}|_empty)\.parquet(\.[0-9]+\.tmp)?")  # nothing else is ever deleted

LOAD_LOG_SCHEMA = pa.schema(
    [
        ("la_code", pa.string()),
        ("la_name", pa.string()),
        ("is_synthetic", pa.bool_()),
        ("format", pa.string()),
        ("delivery", pa.string()),
        ("file_name", pa.string()),
        ("holds", pa.string()),
        ("file_key", pa.string()),
        ("sha256", pa.string()),
        ("extract_as_of_date", pa.date32()),
        ("extract_window_start", pa.date32()),
        ("submission", pa.int64()),
        ("n_read", pa.int64()),
        ("n_refused_rows", pa.int64()),
        ("n_opted_out", pa.int64()),
        ("status", pa.string()),
        ("reason_code", pa.string()),
        ("reason", pa.string()),
        ("unknown_columns", pa.string()),
        ("opt_outs_met", pa.string()),
        ("objections_met", pa.string()),
    ]
)
REFUSED_ROWS_SCHEMA = pa.schema(
    [
        ("la_code", pa.string()),
        ("delivery", pa.string()),
        ("file_name", pa.string()),
        ("file_key", pa.string()),
        ("holds", pa.string()),
        ("source_row_number", pa.int64()),
        ("reason_code", pa.string()),
        ("reason", pa.string()),
    ]
)
OBJECTIONS_SCHEMA = pa.schema(
    [("la_code", pa.string()), ("child_id", pa.string()), ("objects_to", pa.string())]
)


def data_folder(format_name: str, holds: str) -> str:
    """The subfolder that files of one kind land in: records of all formats share theirs."""
    return f"{'records' if format_name in RECORD_FORMATS else format_name}__{holds}"


SCHEMAS: dict[str, pa.Schema] = {
    LOAD_LOG: LOAD_LOG_SCHEMA,
    REFUSED_ROWS: REFUSED_ROWS_SCHEMA,
    OBJECTIONS: OBJECTIONS_SCHEMA,
    **{
        data_folder(format_name, holds): landed_schema(columns, format_name not in RECORD_FORMATS)
        for format_name, kinds in FORMATS.items()
        for holds, columns in kinds.items()
    },
}
# The columns that hold few distinct values: a dictionary of ids or hashes costs and saves nothing.
REPEATING = {
    subfolder: [
        name
        for name in schema.names
        if name in ("la_code", "programme_id") or not name.endswith(("_id", "_hash", "_number"))
    ]
    for subfolder, schema in SCHEMAS.items()
}


class Store:
    """A landing folder (0700, files 0600) with a zero-row file in each subfolder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept = {(subfolder, EMPTY) for subfolder in SCHEMAS}
        for path in (folder, *(folder / subfolder for subfolder in SCHEMAS)):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
        for subfolder in SCHEMAS:
            self._write_empty(subfolder)

    def recall(self, file_key: str) -> dict[str, Any] | None:
        """The load log row of a file landed (or refused) before, if all it wrote is still there."""
        path = self._path(LOAD_LOG, file_key)
        if not path.is_file():
            return None
        try:
            with pq.ParquetFile(path) as file:
                row: dict[str, Any] = file.read(use_threads=False).to_pylist()[0]
        except (pa.ArrowException, OSError):  # torn, as after a power cut: it is written again
            return None
        wanted = self._files_of(row)
        if not all(self._path(subfolder, file_key).is_file() for subfolder in wanted):
            return None
        return row

    def keep(self, row: Mapping[str, Any]) -> None:
        """Saves from `sweep` whatever belongs to a load log row."""
        self._kept |= {(subfolder, row["file_key"]) for subfolder in self._files_of(row)}

    def put(self, subfolder: str, file_key: str, rows: list[dict[str, Any]]) -> None:
        """Has `rows` as one file that `sweep` leaves alone, written where it isn't there yet."""
        if not self._path(subfolder, file_key).is_file():
            self.write_rows(subfolder, file_key, rows)
        self._kept.add((subfolder, file_key))

    @contextmanager
    def writer(self, subfolder: str, file_key: str) -> Iterator[pq.ParquetWriter]:
        """A writer of one file, which appears under its name only once it is complete."""
        path = self._path(subfolder, file_key)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        temporary.unlink(missing_ok=True)
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with (
                os.fdopen(handle, "wb") as stream,
                pq.ParquetWriter(
                    stream,
                    SCHEMAS[subfolder],
                    compression="zstd",
                    use_dictionary=REPEATING[subfolder],
                ) as writer,
            ):
                yield writer
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def write_rows(self, subfolder: str, file_key: str, rows: list[dict[str, Any]]) -> None:
        """Writes `rows` as one file."""
        with self.writer(subfolder, file_key) as writer:
            writer.write_table(pa.Table.from_pylist(rows, SCHEMAS[subfolder]))

    def sweep(self) -> None:
        """Deletes every file of ours that nothing refers to any more."""
        for path in self._folder.glob("*/*.parquet*"):
            is_kept = (path.parent.name, path.stem) in self._kept
            if OURS.fullmatch(path.name) and not is_kept:
                path.unlink(missing_ok=True)

    def _files_of(self, row: Mapping[str, Any]) -> list[str]:
        if row["status"] != "landed" or row["holds"] is None:
            return [LOAD_LOG]
        return [LOAD_LOG, REFUSED_ROWS, data_folder(row["format"], row["holds"])]

    def _write_empty(self, subfolder: str) -> None:
        path = self._path(subfolder, EMPTY)
        if not path.is_file() or pq.read_schema(path) != SCHEMAS[subfolder]:
            self.write_rows(subfolder, EMPTY, [])

    def _path(self, subfolder: str, file_key: str) -> Path:
        return self._folder / subfolder / f"{file_key}.parquet"
