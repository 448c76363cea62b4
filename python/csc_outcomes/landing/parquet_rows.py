"""Rows of a Parquet file, as text, in bounded batches.

The footer is looked at first: a few bytes can stand for billions of equal cells.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from csc_outcomes.landing.contract import shown
from csc_outcomes.landing.csv_rows import Row
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.workbook import cell_text

MAX_CELLS = 100_000_000
MAX_ROW_GROUP_BYTES = 256_000_000  # unpacked, for a row group is unpacked in memory
MAX_CELLS_PER_BYTE = 200
MAX_UNSUSPICIOUS_CELLS = 1_000_000
MAX_COLUMNS = 2_000
BATCH_ROWS = 5_000


def parquet_rows(path: Path) -> Iterator[Row]:
    """The column names, then the rows of the file; Refused where it can't be read or is hostile."""
    try:
        with pq.ParquetFile(path) as file:
            _check_size(path, file.metadata)
            _check_types(path, file.schema_arrow)
            yield list(file.schema_arrow.names)
            for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                columns = [column.to_pylist() for column in batch.columns]
                for values in zip(*columns, strict=True):
                    yield [cell_text(value) for value in values]
    except UnicodeDecodeError:
        raise Refused("wrong_encoding", f"{path.name} holds text that is not UTF-8") from None
    except (pa.ArrowException, OSError, ValueError, MemoryError):
        raise Refused(
            "parquet_unreadable", f"{path.name} is not a readable Parquet file (broken or locked)"
        ) from None


def _check_size(path: Path, footer: pq.FileMetaData) -> None:
    n_cells = footer.num_rows * footer.num_columns
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    largest = max((group.total_byte_size for group in groups), default=0)
    if footer.num_columns > MAX_COLUMNS:
        raise Refused(
            "too_many_columns", f"{footer.num_columns:,} columns, the limit is {MAX_COLUMNS:,}"
        )
    is_suspicious = n_cells > max(MAX_UNSUSPICIOUS_CELLS, MAX_CELLS_PER_BYTE * path.stat().st_size)
    if n_cells > MAX_CELLS or is_suspicious:
        raise Refused(
            "parquet_too_large",
            f"{path.name} says that it holds {n_cells:,} cells, too many for its size or over "
            f"{MAX_CELLS:,}; split it",
        )
    if largest > MAX_ROW_GROUP_BYTES:
        raise Refused(
            "parquet_too_large",
            f"{path.name} has a row group of {largest:,} bytes, over {MAX_ROW_GROUP_BYTES:,}; "
            "write it in smaller row groups",
        )


def _check_types(path: Path, schema: pa.Schema) -> None:
    for column in schema:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            raise Refused(
                "unsupported_column_type",
                f"{path.name}: the column '{shown(column.name)}' holds {shown(str(kind))}, not "
                "single values; write it as text (JSON is read) or leave it out",
            )
