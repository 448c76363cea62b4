"""A warehouse that a team shares, in a DuckLake on PostgreSQL, holds what a DuckDB file holds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials

from csc_outcomes.dbt_plugin import Plugin
from csc_outcomes.lake import LakeInUse, forget_earlier_builds, hold_lake, mark_published
from postgres import Server, server
from projects import ROOT, Project, light_copy

pytest.importorskip(
    "duckdb_extension_ducklake", reason="pip install --requirement requirements-shared.txt"
)
pytest.importorskip(
    "duckdb_extension_postgres_scanner", reason="pip install --requirement requirements-shared.txt"
)

CHILD = "pseudonym-of-the-child-who-withdrew"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """The server of this file's tests."""
    with server() as running:
        yield running


@pytest.fixture
def lake(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DuckDBCredentials:
    """The credentials of an empty lake."""
    for name, value in postgres.environment.items():
        monkeypatch.setenv(name, value)
    postgres.run("psql", "-qc", "drop schema public cascade", "-c", "create schema public")
    return credentials(tmp_path / "lake")


def credentials(data: Path) -> DuckDBCredentials:
    """Those of the target `shared` in profiles.yml."""
    options = {"data_path": str(data), "data_inlining_row_limit": 0}
    attach = [{"path": "ducklake:postgres:", "alias": "lake", "options": options}]
    return DuckDBCredentials.from_dict(
        {"path": ":memory:", "database": "lake", "schema": "main", "attach": attach}
    )


def connect(creds: DuckDBCredentials) -> duckdb.DuckDBPyConnection:
    """A connection as dbt's plugin prepares it."""
    connection = duckdb.connect()
    plugin = Plugin("csc", {}, creds)  # type: ignore[no-untyped-call]
    plugin.configure_connection(connection)
    return connection


# The connection


def test_only_one_build_at_a_time(lake: DuckDBCredentials) -> None:
    first, second = connect(lake), connect(lake)
    hold_lake(first)
    hold_lake(first)  # the same process may ask again
    assert "Another build writes" in str(_refusal(second))
    first.execute("create table t as select 1 as a")
    assert second.execute("from t").fetchall() == [(1,)]  # readers are not refused


def _refusal(connection: duckdb.DuckDBPyConnection) -> LakeInUse:
    from csc_outcomes import lake as module

    held, module._holders = module._holders, {}  # as in another process
    try:
        with pytest.raises(LakeInUse) as refused:
            hold_lake(connection)
    finally:
        module._holders = held
    return refused.value


def test_unreachable_catalog_is_told_in_one_line_without_the_password(
    lake: DuckDBCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "not-the-password")
    with pytest.raises(RuntimeError, match="can't be opened") as refused:
        connect(lake)
    assert "\n" not in str(refused.value)
    assert "not-the-password" not in str(refused.value)


# Readers


def test_readers_of_a_published_build_see_that_build_alone(lake: DuckDBCredentials) -> None:
    writer = connect(lake)
    writer.execute("create table t as select 'old' as build")
    mark_published(writer, "fedcba9876543210", "everybody")
    [line] = mark_published(writer, "0123456789abcdef", "everybody")
    snapshot = int(line.rstrip(".").split()[-1])
    reader = connect(lake)
    reader.execute("begin transaction")
    assert reader.execute("from t").fetchall() == [("old",)]
    writer.execute("create or replace table t as select 'new' as build")
    assert reader.execute("from t").fetchall() == [("old",)]  # until its transaction ends
    reader.execute("commit")
    assert reader.execute("from t").fetchall() == [("new",)]
    assert reader.execute(f"from t at (version => {snapshot})").fetchall() == [("old",)]


def test_a_duckdb_file_is_no_lake() -> None:
    connection = duckdb.connect()
    assert mark_published(connection, "0123456789abcdef", "everybody") == []
    assert "nothing was deleted" in forget_earlier_builds(connection)


# Withdrawal


def test_no_byte_of_earlier_builds_remains(
    lake: DuckDBCredentials, postgres: Server, tmp_path: Path
) -> None:
    connection = connect(lake)
    connection.execute(f"create table t as select '{CHILD}' as child_id")
    connection.execute("create or replace table t as select 'another' as child_id")
    assert _files_with(tmp_path / "lake")
    assert CHILD in postgres.run("pg_dump")  # the catalog keeps each column's least and greatest

    said = forget_earlier_builds(connection)

    assert said.startswith("Deleted ")
    assert connection.execute("from t").fetchall() == [("another",)]
    assert not _files_with(tmp_path / "lake")
    assert CHILD not in postgres.run("pg_dump")
    connection.close()
    postgres.run("vacuumdb", "--full", "--quiet")
    assert not _files_with(postgres.folder / "data" / "base")


@pytest.mark.parametrize("earlier", ["everybody", None])
def test_a_build_without_somebody_leaves_no_earlier_one(
    lake: DuckDBCredentials, postgres: Server, tmp_path: Path, earlier: str | None
) -> None:
    """Also where the build before didn't say whose records it had, as those of earlier releases."""
    connection = connect(lake)
    hold_lake(connection)
    connection.execute(f"create table t as select '{CHILD}' as child_id")
    if earlier:
        mark_published(connection, "0123456789abcdef", earlier)
        assert len(mark_published(connection, "fedcba9876543210", earlier)) == 1
    else:
        connection.execute("create view published_build as select 'fedcba98' as build_id")
    connection.execute("create or replace table t as select 'another' as child_id")
    assert _files_with(tmp_path / "lake")

    [where, said] = mark_published(connection, "00112233445566778", "all but one")

    assert "has changed since its earlier builds: deleted " in said
    assert "vacuumdb --full" in said
    assert not _files_with(tmp_path / "lake")
    assert CHILD not in postgres.run("pg_dump")
    snapshot = int(where.rstrip(".").split()[-1])
    assert connection.execute(f"from t at (version => {snapshot})").fetchall() == [("another",)]
    assert len(mark_published(connection, "fedcba9876543210", "all but one")) == 1


def _files_with(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if CHILD.encode() in path.read_bytes()]


# The whole project


@pytest.mark.skipif(
    "CSC_WHOLE_LAKE" not in os.environ,
    reason="two builds, one of them on DuckLake, take minutes: set CSC_WHOLE_LAKE=1",
)
def test_every_public_table_is_that_of_a_duckdb_file(
    postgres: Server, lake: DuckDBCredentials, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without readings, release tables and data tests, which would take most of the time."""
    monkeypatch.setenv("CSC_LAKE_DATA", str(tmp_path / "lake"))
    own, other = light_copy(tmp_path / "own"), light_copy(tmp_path / "other")
    for project in (own, other):
        for folder in (ROOT / "extracts").glob("synthetic_*"):
            shutil.copytree(folder, project.path / "extracts" / folder.name)

    result = own.dbt("build", "--target", "shared")
    plain = other.dbt("build")

    assert result.returncode == 0, result.stdout[-5000:]
    assert plain.returncode == 0, plain.stdout[-5000:]
    assert "In the shared warehouse" in result.stdout
    assert _differences(own, other) == {}
    written = [p.read_text(encoding="utf-8") for p in own.path.rglob("*.log")]
    assert not any(postgres.password in text for text in [*written, result.stdout])


def _differences(own: Project, other: Project) -> dict[str, int]:
    """How many rows of each table differ, where any do."""
    differences = {}
    with duckdb.connect() as connection:
        for name, project in {"own": own, "other": other}.items():
            file = (project.path / "published" / "current").resolve() / "analyst"
            connection.execute(f"attach '{file / 'csc_outcomes.duckdb'}' as {name} (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'own' order by all"
        ).fetchall()
        assert len(tables) > 50
        for (table,) in tables:
            left, right = (
                f"select * exclude (build_id) from {name}.{table}" for name in ("own", "other")
            )
            n_rows = connection.execute(
                f"select count(*) from (({left} except all {right})"
                f" union all ({right} except all {left}))"
            ).fetchall()[0][0]
            if n_rows:
                differences[table] = n_rows
    return differences
