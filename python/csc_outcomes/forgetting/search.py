"""Which files hold one of some texts, also where Parquet, Arrow, DuckDB or an archive packs it.

What a file is, its first bytes say, not its name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import tarfile
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

# The authority's own files, the key, code of others and version control are not what a build makes.
NOT_SEARCHED = ("extracts", "keys", ".venv", ".venv-spark", ".git")
# An id may be as short as any number: it isn't looked for where the product itself wrote that.
SOFTWARE = (
    ".ci",
    "benchmarks",
    "certificates",
    "docs",
    "expectations",
    "landing",
    "macros",
    "models",
    "plans",
    "python",
    "seeds",
    "tests",
)
BLOCK = 8 << 20
START = 262  # bytes that tell what a file is; a tar archive says so at 257
UNPACK: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ": lzma.decompress,
}
UNREADABLE = (
    pa.ArrowException,
    duckdb.Error,
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    NotImplementedError,  # a zip archive's way of packing
    RuntimeError,  # its password
    EOFError,
    OSError,
)


@dataclass(frozen=True)
class Sought:
    """What is looked for: texts anywhere, or as whole cells and words, however they are spelt."""

    texts: frozenset[str]
    as_words: bool = False

    @property
    def pattern(self) -> str:
        """The same as a regular expression over cells, for Arrow, DuckDB and Python alike."""
        texts = "|".join(re.escape(text) for text in sorted(self.texts))
        edge = "[^0-9A-Za-z]"
        return f"(?i)(^|{edge})0*({texts})({edge}|$)" if self.as_words else texts

    @cached_property
    def spellings(self) -> list[bytes]:
        """The texts as programs write them."""
        codes = ("utf-8", "utf-16-le", "utf-16-be")
        return [text.encode(code) for text in self.texts for code in codes]

    def is_in(self, window: bytes) -> bool:
        """Whether a stretch of a file holds any of them."""
        if not self.as_words:
            return any(spelling in window for spelling in self.spellings)
        lower = window.lower()
        return any(spelling.lower() in lower for spelling in self.spellings) and any(
            re.search(self.pattern, text)
            for text in (window.decode("latin-1"), window[::2].decode("latin-1"),
                         window[1::2].decode("latin-1"))
        )  # fmt: skip


def holders(project: Path, texts: Collection[str]) -> list[Path]:
    """The files below `project` that hold any of `texts`, sorted; those of NOT_SEARCHED aside."""
    return _searched(project, Sought(frozenset(texts)), NOT_SEARCHED)


def mentions(project: Path, ids: Collection[str]) -> list[Path]:
    """The files below `project` in which any of `ids` is a cell or a word, sorted; a short id may
    be there by chance. The product's own files aside."""
    return _searched(project, Sought(frozenset(ids), as_words=True), (*NOT_SEARCHED, *SOFTWARE))


def unsearched(project: Path) -> list[Path]:
    """What `holders` doesn't look into: folders of NOT_SEARCHED, and links, which it doesn't
    follow."""
    links = [
        path
        for folder, names, files in _walk(project, NOT_SEARCHED)
        for name in (*names, *files)
        if (path := Path(folder) / name).is_symlink() and path != project / "published" / "current"
    ]
    return sorted([*links, *(p for name in NOT_SEARCHED if (p := project / name).exists())])


def holds(path: Path, texts: Collection[str]) -> bool:
    """Whether a file holds any of `texts`, packed or not, or can't be looked into, as one that is
    broken or encrypted; a link and what is no file holds none."""
    return _in_file(path, Sought(frozenset(texts)))


def _searched(project: Path, sought: Sought, aside: Collection[str]) -> list[Path]:
    return sorted(
        path
        for folder, _, files in _walk(project, aside)
        for name in files
        if _in_file(path := Path(folder) / name, sought)
    )


def _walk(project: Path, aside: Collection[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    for folder, names, files in os.walk(project):
        if Path(folder) == project:
            names[:] = [name for name in names if name not in aside]
        yield folder, names, files


def _in_file(path: Path, sought: Sought) -> bool:
    if path.is_symlink() or not path.is_file() or not sought.texts:
        return False
    try:
        with path.open("rb") as stream:
            return _in_stream(stream, sought, path)
    except UNREADABLE:
        return True  # what can't be looked into may hold it


def _in_stream(stream: BinaryIO, sought: Sought, path: Path | None = None) -> bool:
    """`path` is None for what lies in an archive."""
    if _in_bytes(stream, sought):
        return True
    stream.seek(0)
    start = stream.read(START)
    stream.seek(0)
    if start.startswith(b"PAR1"):
        with pq.ParquetFile(stream) as file:
            return _in_batches(file.iter_batches(), sought)
    if start.startswith(b"ARROW1"):
        with pa.ipc.open_file(stream) as file:
            return _in_batches(map(file.get_batch, range(file.num_record_batches)), sought)
    if start[8:12] == b"DUCK":
        return path is None or _in_duckdb(path, sought)
    return any(_in_stream(io.BytesIO(member), sought) for member in _members(stream, start))


def _in_bytes(stream: BinaryIO, sought: Sought) -> bool:
    overlap = max(map(len, sought.spellings)) + 2
    before = b""
    while block := stream.read(BLOCK):
        window = before + block
        if sought.is_in(window):
            return True
        before = window[-overlap:]
    return False


def _in_batches(batches: Iterable[pa.RecordBatch], sought: Sought) -> bool:
    return any(
        pc.any(pc.match_substring_regex(_as_text(column), sought.pattern)).as_py()
        for batch in batches
        for column in batch.columns
    )


def _as_text(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.string())
    except pa.ArrowNotImplementedError:  # lists and structs
        return pa.array([str(value) for value in column.to_pylist()], pa.string())


def _in_duckdb(path: Path, sought: Sought) -> bool:
    with duckdb.connect(str(path), read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "inner join duckdb_tables() using (database_name, schema_name, table_name) "
            "where database_name = current_database()"
        ).fetchall()
        for schema, table, column in columns:
            query = (
                f'select 1 from "{schema}"."{table}" '
                f'where regexp_matches(cast("{column}" as varchar), ?) limit 1'
            )
            if connection.execute(query, [sought.pattern]).fetchall():
                return True
    return False


def _members(stream: BinaryIO, start: bytes) -> Iterator[bytes]:
    """What lies in an archive, unpacked; nothing where it is none."""
    for magic, unpack in UNPACK.items():
        if start.startswith(magic):
            yield unpack(stream.read())
            return
    if start[257:262] == b"ustar":
        with tarfile.open(fileobj=stream, mode="r:") as tar:
            yield from (file.read() for member in tar if (file := tar.extractfile(member)))
    elif zipfile.is_zipfile(stream):
        with zipfile.ZipFile(stream) as archive:
            yield from map(archive.read, archive.namelist())
