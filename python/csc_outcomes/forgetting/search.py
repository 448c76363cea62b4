"""Which files hold one of some texts, also where Parquet, DuckDB or a zip archive packs it."""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

# The authority's own files, the key, code of others and version control are not what a build makes.
NOT_SEARCHED = ("extracts", "keys", ".venv", ".git")
BLOCK = 8 << 20


def holders(project: Path, texts: Collection[str]) -> list[Path]:
    """The files below `project` that hold any of `texts`, sorted; extracts and keys aside."""
    found = []
    for folder, names, files in os.walk(project):
        if Path(folder) == project:
            names[:] = [name for name in names if name not in NOT_SEARCHED]
        found += [path for name in files if holds(path := Path(folder) / name, texts)]
    return sorted(found)


def holds(path: Path, texts: Collection[str]) -> bool:
    """Whether a file holds any of `texts`, packed or not, or can't be looked into, as one that is
    broken or encrypted; a link and what is no file holds none."""
    if path.is_symlink() or not path.is_file() or not texts:
        return False
    spellings = [text.encode(code) for text in texts for code in ("utf-8", "utf-16-le")]
    if _in_bytes(_blocks(path), spellings):
        return True
    try:
        return any(
            unpack(path, spellings, texts) for unpack in (_in_parquet, _in_duckdb, _in_archive)
        )
    except (pa.ArrowException, duckdb.Error, zipfile.BadZipFile, EOFError):
        return True  # what can't be looked into may hold it


def _in_bytes(blocks: Iterator[bytes], spellings: Collection[bytes]) -> bool:
    overlap = max(map(len, spellings)) - 1
    before = b""
    for block in blocks:
        window = before + block
        if any(spelling in window for spelling in spellings):
            return True
        before = window[-overlap:]
    return False


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def _in_parquet(path: Path, _: Collection[bytes], texts: Collection[str]) -> bool:
    if path.suffix != ".parquet":
        return False
    with pq.ParquetFile(path) as file:
        names = [f.name for f in file.schema_arrow if pa.types.is_string(f.type)]
        return any(
            pc.any(pc.match_substring(column, text)).as_py()
            for batch in file.iter_batches(columns=names)
            for column in batch.columns
            for text in texts
        )


def _in_duckdb(path: Path, _: Collection[bytes], texts: Collection[str]) -> bool:
    if path.suffix != ".duckdb":
        return False
    with duckdb.connect(str(path), read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "inner join duckdb_tables() using (database_name, schema_name, table_name) "
            "where data_type = 'VARCHAR' and database_name = current_database()"
        ).fetchall()
        for schema, table, column in columns:
            query = f'select 1 from "{schema}"."{table}" where contains("{column}", ?) limit 1'
            if any(connection.execute(query, [text]).fetchall() for text in texts):
                return True
    return False


def _in_archive(path: Path, spellings: Collection[bytes], _: Collection[str]) -> bool:
    if path.suffix == ".gz":
        with gzip.open(path) as stream:
            return _in_bytes(iter([stream.read()]), spellings)
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(_in_bytes(iter([archive.read(name)]), spellings) for name in archive.namelist())
