"""Spark and DuckDB publish the same tables, row for row, of data that engines read differently; all
tests of dbt pass on Spark too. The slow stage of the suite: `make test-spark`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from projects import Project
from spark_project import contrary_project, needs_spark, spark_build, with_all_tests

VARS = ("--vars", "{withhold_failing_la: true, pages: false}")


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What DuckDB publishes of the contrary project."""
    needs_spark()
    project = contrary_project(tmp_path_factory.mktemp("engines") / "duckdb")
    result = project.dbt("build", *VARS)
    assert result.returncode == 0, result.stdout[-3000:]
    return (project.path / "published" / "current").resolve()


@pytest.fixture(scope="module")
def by_spark(on_duckdb: Path) -> Project:
    """The same project, built and published by Spark with every test of dbt."""
    top = on_duckdb.parents[1]
    project = with_all_tests(Project(top), top.parent / "spark")
    result = spark_build(project, *VARS)
    assert result.returncode == 0, (result.stdout + result.stderr)[-5000:]
    return project


@pytest.fixture(scope="module")
def on_spark(by_spark: Project) -> Path:
    """What was published of it."""
    return (by_spark.path / "published" / "current").resolve()


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def test_both_publish_the_same_files(on_duckdb: Path, on_spark: Path, by_spark: Project) -> None:
    published = files_of(on_spark)
    assert published == files_of(on_duckdb)
    stems = {file.stem for file in published if file.suffix == ".parquet"}
    assert stems == public_tables(by_spark.path)


def test_every_published_table_is_the_same_row_for_row(
    on_duckdb: Path, on_spark: Path, database: duckdb.DuckDBPyConnection
) -> None:
    differing = {}
    for file in files_of(on_duckdb):
        if file.suffix == ".parquet":
            found = difference(database, on_duckdb / file, on_spark / file)
            if found:
                differing[file.stem] = found
    assert not differing


def test_the_data_hold_what_engines_disagree_about(
    on_duckdb: Path, database: duckdb.DuckDBPyConnection
) -> None:
    """Of each kind there are rows, so that the comparison can fail."""
    analyst = on_duckdb / "analyst"
    quarantined = analyst / "fct_quarantined_rows.parquet"
    reasons = database.sql(f"select distinct reason_code from '{quarantined}'").fetchall()
    assert {("unreadable_date",), ("id_missing",), ("ragged_row",)} <= set(reasons)
    n_nulls, n_leap, n_ends = database.sql(
        f"""
        select
            count(*) filter (where closure_date is null),
            count(*) filter (where strftime(plan_start_date, '%m-%d') = '02-29'),
            count(*) filter (where last_day(plan_start_date) = plan_start_date)
        from '{analyst / "fct_cin_cases.parquet"}'
        """
    ).fetchall()[0]
    assert min(n_nulls, n_leap, n_ends) > 0
    load_log = analyst / "fct_load_log.parquet"
    formats = database.sql(f"select distinct format from '{load_log}'").fetchall()
    assert len(formats) >= 5


def difference(database: duckdb.DuckDBPyConnection, one: Path, other: Path) -> str:
    """How two published tables differ, but for their build_id; nothing where they don't."""
    columns = [database.sql(f"describe '{file}'").fetchall() for file in (one, other)]
    if columns[0] != columns[1]:
        return "columns"
    found = []
    for here, there, engine in ((one, other, "DuckDB"), (other, one, "Spark")):
        n_rows = database.sql(
            f"""
            select count(*) from (
                select * exclude (build_id) from '{here}'
                except all
                select * exclude (build_id) from '{there}'
            )
            """
        ).fetchall()[0][0]
        if n_rows:
            found.append(f"{n_rows} rows of {engine} alone")
    return ", ".join(found)


def files_of(published: Path) -> list[Path]:
    return sorted(f.relative_to(published) for f in published.rglob("*") if f.is_file())


def public_tables(project: Path) -> set[str]:
    """The names of the public models of a project that Spark built."""
    text = (project / "target" / "spark" / "manifest.json").read_text(encoding="utf-8")
    nodes = json.loads(text)["nodes"].values()
    return {
        node["name"]
        for node in nodes
        if node["resource_type"] == "model" and node["config"]["access"] == "public"
    }
