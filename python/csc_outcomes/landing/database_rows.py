"""Rows of one table of a DuckDB or SQLite file, as text; the file is opened to read and no more.

Only stored tables are read: a view can run anything and reach other files.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb

from csc_outcomes.landing.contract import nearest, shown
from csc_outcomes.landing.csv_rows import MAX_CELL_CHARS, Row
from csc_outcomes.landing.errors import Refused
from csc_outcomes.landing.workbook import cell_text

SQLITE_START = b"SQLite format 3\0"
SUFFIXES = (".duckdb", ".db", ".sqlite", ".sqlite3")
BATCH_ROWS = 5_000
# No file but this one, no extension, no disk, little memory.
DUCKDB_SETTINGS: dict[str, Any] = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "lock_configuration": "true",
    "memory_limit": "256MB",
    "threads": "1",
    "temp_directory": "",
}
DUCKDB_TABLES = """
    select table_name from duckdb_tables()
    where not internal and not temporary and database_name = current_database()
    order by table_name
"""
SQLITE_TABLES = """
    select name from sqlite_schema
    where type = 'table' and name not like 'sqlite\\_%' escape '\\'
        and sql not like 'create virtual%'
    order by name
"""


class _Cursor(Protocol):
    description: Any

    def fetchmany(self, size: int) -> list[Any]: ...


def database_tables(path: Path) -> list[str]:
    """The names of the stored tables of a database file."""
    with _connected(path) as (connection, tables):
        return [name for (name,) in connection.execute(tables).fetchall()]


def database_rows(path: Path, table: str | None) -> Iterator[Row]:
    """The column names, then the rows of a table; Refused where it isn't there or can't be read."""
    names = database_tables(path)
    if table is None and len(names) != 1:
        raise Refused(
            "table_not_found",
            f"{path.name} has {len(names)} tables; name one under sheet: in extract.yml",
        )
    if table is not None and table not in names:
        raise Refused(
            "table_not_found",
            f"{path.name} has no table '{shown(table)}'{nearest(table, names)}",
        )
    quoted = (table or names[0]).replace('"', '""')
    with _connected(path) as (connection, _):
        cursor = connection.execute(f'select * from "{quoted}"')
        yield [column[0] for column in cursor.description]
        yield from _rows(cursor)


def _rows(cursor: _Cursor) -> Iterator[Row]:
    while batch := cursor.fetchmany(BATCH_ROWS):
        for values in batch:
            yield [cell_text(value) for value in values]


@contextmanager
def _connected(path: Path) -> Iterator[tuple[Any, str]]:
    """A connection that can only read this file, and the query for its tables."""
    _check_closed(path)
    try:
        with path.open("rb") as stream:
            is_sqlite = stream.read(len(SQLITE_START)) == SQLITE_START
        if is_sqlite:
            with closing(_sqlite(path)) as connection:
                yield connection, SQLITE_TABLES
        else:
            with duckdb.connect(str(path), read_only=True, config=DUCKDB_SETTINGS) as duck:
                yield duck, DUCKDB_TABLES
    except (duckdb.Error, sqlite3.Error, UnicodeError):  # their messages may hold values
        raise Refused(
            "database_unreadable",
            f"{path.name} is not a readable DuckDB or SQLite file (broken, locked, encrypted or "
            "written by a newer release)",
        ) from None


def _sqlite(path: Path) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 4 * MAX_CELL_CHARS)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.execute("pragma trusted_schema = off")
    return connection


def _check_closed(path: Path) -> None:
    """Refused where changes lie beside the database that aren't in it yet."""
    for suffix in (".wal", "-wal", "-journal"):
        beside = path.with_name(f"{path.name}{suffix}")
        if beside.exists() and beside.stat().st_size:
            raise Refused(
                "database_open",
                f"{path.name} is open in another program, or was not closed: {beside.name} lies "
                "beside it; close the program that writes it",
            )
