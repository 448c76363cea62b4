"""A warehouse that a team shares: a DuckLake, with its catalog in PostgreSQL and its tables as
Parquet files in a folder. docs/shared_warehouse.md says how to set one up."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

SCHEME = "ducklake:"
PACKAGES = ("duckdb_extension_ducklake", "duckdb_extension_postgres_scanner")
# Any number will do that no other program takes as PostgreSQL's lock of this database.
BUILDING = 0x0C5C_0C07
MARK, MARKER = "published build ", "published_build"
_holders: dict[str, duckdb.DuckDBPyConnection] = {}  # what keeps the lock of each lake


class LakeInUse(Exception):
    """Another build writes to the same lake."""


def is_lake(creds: DuckDBCredentials) -> bool:
    """Whether the target's tables are in a DuckLake."""
    return any(a.path.startswith(SCHEME) for a in creds.attach or [])


def lake_data(creds: DuckDBCredentials) -> str:
    """The folder of the lake's files."""
    options = [a.options or {} for a in creds.attach or [] if a.path.startswith(SCHEME)]
    return str(options[0].get("data_path", "")) if options else ""


def open_lake(conn: duckdb.DuckDBPyConnection, creds: DuckDBCredentials) -> None:
    """Loads DuckDB's extensions from their Python packages and attaches the target's lake, which
    dbt then finds attached; RuntimeError, in one line, where one of them can't be had."""
    for package in PACKAGES:
        conn.load_extension(str(extension_file(package, "shared")))
    for attachment in creds.attach or []:
        try:
            conn.execute(attachment.to_sql())
        except duckdb.Error as error:
            raise RuntimeError(
                f"The shared warehouse can't be opened: {str(error).strip().splitlines()[0]}. "
                "Look at PGHOST, PGDATABASE, PGUSER, the password file and CSC_LAKE_DATA "
                "(docs/shared_warehouse.md)."
            ) from None
    conn.execute(f"use {creds.database}")


def extension_file(package: str, extra: str) -> Path:
    """The file of an extension for this DuckDB's version, as its package brings it; RuntimeError,
    in one line that names the requirements of `extra`, where the package isn't there."""
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    files = [
        file
        for folder in folders
        for file in Path(folder).glob(f"extensions/v{duckdb.__version__}/*.duckdb_extension")
    ]
    if not files:
        raise RuntimeError(
            f"This target needs the package {package.replace('_', '-')}"
            f"=={duckdb.__version__}: pip install --requirement requirements-{extra}.txt"
        )
    return files[0]


def lake_of(conn: duckdb.DuckDBPyConnection) -> str | None:
    """The name of the lake that the connection uses; None where it uses a DuckDB file."""
    found = conn.execute(
        "select database_name from duckdb_databases() "
        "where type = 'ducklake' and database_name = current_database()"
    ).fetchall()
    return found[0][0] if found else None


def hold_lake(conn: duckdb.DuckDBPyConnection) -> None:
    """Takes the lake that the connection uses for this process alone: until it ends, other builds
    are refused, readers are not. Raises LakeInUse where another build has it; does nothing where
    the connection uses no lake, for a DuckDB file is one process's anyway."""
    lake = lake_of(conn)
    if lake is None:
        return
    if lake in _holders:
        _holders.pop(lake).close()
    holder = conn.cursor()
    # the transaction keeps one connection to PostgreSQL, and that connection the lock
    holder.execute("begin transaction")
    query = f"select pg_try_advisory_xact_lock({BUILDING})"
    [(is_free,)] = holder.execute(f"from postgres_query('{_catalog(lake)}', '{query}')").fetchall()
    if not is_free:
        holder.close()
        raise LakeInUse(
            "Another build writes to this shared warehouse: wait until it is done, then run this "
            "again. Nothing was changed."
        )
    _holders[lake] = holder


def mark_published(conn: duckdb.DuckDBPyConnection, build_id: str, holds: str) -> list[str]:
    """Leaves the build's id in the lake's list of snapshots, for readers who want this build's
    tables and no later ones; what to tell of it, nothing where the connection uses no lake.

    `holds` says whose records the build has, in a digest. Where the build that was published before
    had others', or nobody knows, all earlier snapshots go.
    """
    lake = lake_of(conn)
    if lake is None:
        return []
    held = _held(conn)
    conn.execute("begin transaction")
    conn.execute(f"call {lake}.set_commit_message('csc_outcomes', '{MARK}{build_id}')")
    # a message needs a change to go with
    marker = f"select '{build_id}' as build_id, '{holds}' as holds"
    conn.execute(f"create or replace view {MARKER} as {marker}")
    conn.execute("commit")
    [(snapshot,)] = conn.execute(
        f"select max(snapshot_id) from {lake}.snapshots() where commit_message like '{MARK}%'"
    ).fetchall()
    told = [f"In the shared warehouse its tables are those of snapshot {snapshot}."]
    snapshots, files = _forget(conn, lake) if held != holds else (0, 0)
    if files:
        told.append(
            "Who is left out, or whose records there are, has changed since its earlier builds: "
            f"deleted {snapshots} snapshots and {files} files. Now run `vacuumdb --full` "
            "(docs/shared_warehouse.md)."
        )
    return told


def _held(conn: duckdb.DuckDBPyConnection) -> str | None:
    """Whose records the published build has; None where none was, or it didn't say."""
    known = conn.execute(
        "select 1 from duckdb_columns() where database_name = current_database() "
        f"and table_name = '{MARKER}' and column_name = 'holds'"
    ).fetchall()
    return str(conn.execute(f"select holds from {MARKER}").fetchall()[0][0]) if known else None


def forget_earlier_builds(conn: duckdb.DuckDBPyConnection) -> str:
    """Deletes every snapshot of the lake but the newest, the files that only they needed, those
    that broken-off builds left, and what PostgreSQL keeps of deleted rows; says what went.

    Raises LakeInUse while a build writes to the lake. A query that began before may fail.
    """
    lake = lake_of(conn)
    if lake is None:
        return "This target is no shared warehouse: nothing was deleted."
    hold_lake(conn)
    snapshots, files = _forget(conn, lake)
    return f"Deleted {snapshots} snapshots and {files} files. The tables are as they were."


def _forget(conn: duckdb.DuckDBPyConnection, lake: str) -> tuple[int, int]:
    """How many snapshots and files went. It ends the hold on the lake: while that lasts, PostgreSQL
    keeps deleted rows."""
    snapshots, files, orphans = (
        len(conn.execute(f"call {call}").fetchall())
        for call in (
            f"ducklake_expire_snapshots('{lake}', older_than => now())",
            f"ducklake_cleanup_old_files('{lake}', cleanup_all => true)",
            f"ducklake_delete_orphaned_files('{lake}', cleanup_all => true)",
        )
    )
    if lake in _holders:
        _holders.pop(lake).close()
    conn.execute(f"call postgres_execute('{_catalog(lake)}', 'vacuum', use_transaction => false)")
    return snapshots, files + orphans


def _catalog(lake: str) -> str:
    """The name under which DuckLake attaches its catalog."""
    return f"__ducklake_metadata_{lake}"
