"""Spark and DuckDB build the same public tables, row for row, of data that engines read
differently; all tests of dbt pass on Spark too. The slow stage of the suite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from projects import Project
from spark_project import contrary_project, needs_spark, spark_build, with_unit_tests

VARS = ("--vars", "{withhold_failing_la: true, pages: false}")


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Project:
    needs_spark()
    project = contrary_project(tmp_path_factory.mktemp("engines") / "duckdb")
    result = project.dbt("build", "--exclude-resource-type", "test", *VARS)
    assert result.returncode == 0, result.stdout[-3000:]
    return project


@pytest.fixture(scope="module")
def on_spark(on_duckdb: Project) -> Project:
    """The same project, built and published by Spark with every test of dbt."""
    project = with_unit_tests(on_duckdb, on_duckdb.path.parent / "spark")
    result = spark_build(project, *VARS)
    assert result.returncode == 0, (result.stdout + result.stderr)[-5000:]
    return project


@pytest.fixture(scope="module")
def both(on_duckdb: Project, on_spark: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """Both warehouses, as `one` and `other`."""
    with duckdb.connect() as connection:
        for name, path in {
            "one": on_duckdb.path / "warehouse" / "csc_outcomes.duckdb",
            "other": on_spark.path / "spark" / "csc_outcomes.duckdb",
        }.items():
            connection.execute(f"attach '{path}' as {name} (read_only)")
        yield connection


def test_every_public_table_is_the_same_row_for_row(
    both: duckdb.DuckDBPyConnection, on_spark: Project
) -> None:
    differing = {}
    for table in public_tables(on_spark.path):
        types = [
            both.sql(f"select column_name, column_type from (describe {engine}.{table})").fetchall()
            for engine in ("one", "other")
        ]
        if types[0] != types[1]:
            differing[table] = "columns"
            continue
        for here, there in (("one", "other"), ("other", "one")):
            query = f"select count(*) from (from {here}.{table} except all from {there}.{table})"
            n_rows = both.sql(query).fetchall()[0][0]
            if n_rows:
                differing[table] = f"{differing.get(table, '')} {n_rows} rows in {here} alone"
    assert not differing


def test_the_data_hold_what_engines_disagree_about(both: duckdb.DuckDBPyConnection) -> None:
    """Of each kind there are rows, so that the comparison can fail."""
    reasons = both.sql("select distinct reason_code from one.fct_quarantined_rows").fetchall()
    assert {("unreadable_date",), ("id_missing",), ("ragged_row",)} <= set(reasons)
    n_nulls, n_leap, n_ends, n_formats = both.sql(
        """
        select
            count(*) filter (where closure_date is null),
            count(*) filter (where strftime(plan_start_date, '%m-%d') = '02-29'),
            count(*) filter (where last_day(plan_start_date) = plan_start_date),
            count(distinct source_format)
        from one.fct_cin_cases
        """
    ).fetchall()[0]
    assert min(n_nulls, n_leap, n_ends) > 0
    assert n_formats > 1


def public_tables(project: Path) -> list[str]:
    """The names of the public models of a project that Spark built."""
    text = (project / "target" / "spark" / "manifest.json").read_text(encoding="utf-8")
    nodes = json.loads(text)["nodes"].values()
    return sorted(
        node["name"]
        for node in nodes
        if node["resource_type"] == "model" and node["config"]["access"] == "public"
    )
