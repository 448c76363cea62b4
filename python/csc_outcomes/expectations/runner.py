"""Runs the expectation suites and says, per authority, what failed: counts and names, never a
child's value."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from csc_outcomes.typed import COUNT, FLAG, TEXT, typed_table

RESULT_COLUMNS = {
    **dict.fromkeys(("la_code", "suite", "holds", "expectation", "column_name", "severity"), TEXT),
    "success": FLAG,
    **dict.fromkeys(("unexpected_count", "element_count"), COUNT),
    "what_to_do": TEXT,
}

# SUMMARY without examples: Great Expectations would otherwise copy failing values into its results.
RESULT_FORMAT = {
    "result_format": "SUMMARY",
    "partial_unexpected_count": 0,
    "unexpected_index_column_names": ["la_code"],
    "return_unexpected_index_query": True,
}


class ExpectationError(Exception):
    """An expectation could not be evaluated: a wrong suite, not wrong data."""


def read_suites(folder: Path) -> dict[str, dict[str, Any]]:
    """The suite of each standard table, from `<table>.json`; raises ExpectationError when there
    are none."""
    suites = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.json"))
    }
    if not suites:
        raise ExpectationError(f"no expectation suite (*.json) in {folder}")
    return suites


def run_suites(
    connection: duckdb.DuckDBPyConnection, suites: dict[str, dict[str, Any]]
) -> pd.DataFrame:
    """One row per authority, suite and expectation (columns: RESULT_COLUMNS).

    Each suite runs once over its whole table; what failed is then counted per authority in SQL,
    because running suites per authority costs many times as much. `meta.max_share` is the share
    of an authority's rows that may break the expectation, `meta.what_to_do` what mends it.
    """
    rows = []
    with _datasource(connection) as (context, datasource):
        for table, suite in suites.items():
            expectations = suite["expectations"]
            results = _validate(context, datasource, table, expectations)
            n_by_la = _count_by_la(connection, f"select la_code from {table}")
            for expectation, result in zip(expectations, results, strict=True):
                failed_by_la = _failed_by_la(connection, table, expectation, result)
                rows += [
                    {
                        "la_code": la_code,
                        "suite": table,
                        "holds": suite["holds"],
                        "expectation": expectation["meta"]["name"],
                        "column_name": expectation["meta"].get("column"),
                        "severity": expectation["severity"],
                        "success": failed_by_la.get(la_code, 0)
                        <= expectation["meta"]["max_share"] * n_rows,
                        "unexpected_count": failed_by_la.get(la_code, 0),
                        "element_count": n_rows,
                        "what_to_do": expectation["meta"].get("what_to_do"),
                    }
                    for la_code, n_rows in n_by_la.items()
                ]
    return typed_table(rows, RESULT_COLUMNS)


@contextlib.contextmanager
def _datasource(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, Any]]:
    """A Great Expectations context whose only datasource is the given DuckDB connection."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import duckdb_sqlalchemy
    import great_expectations as gx
    import sqlalchemy
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine
    from sqlalchemy.pool import StaticPool

    class OneConnectionEngine(SqlAlchemyExecutionEngine):
        """Keeps one connection open: DuckDB loses a result when its connection closes before the
        fetch."""

        _connection: sqlalchemy.Connection | None

        @contextlib.contextmanager
        def get_connection(self) -> Iterator[sqlalchemy.Connection]:
            if not self._connection:
                self._connection = self.engine.connect()
            yield self._connection

    engine = OneConnectionEngine(
        engine=sqlalchemy.create_engine(
            "duckdb:///:memory:",  # never opened: the creator hands over dbt's own connection
            creator=lambda: duckdb_sqlalchemy.ConnectionWrapper(connection),
            poolclass=StaticPool,
            isolation_level="AUTOCOMMIT",  # dbt has a transaction open on this connection
        )
    )

    # this module announces a temporary folder that nobody will look for
    logging.getLogger("great_expectations.data_context.types.base").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    datasource = context.data_sources.add_sql("warehouse", connection_string="duckdb:///:memory:")
    # Great Expectations would build an engine of its own from the connection string; these are
    # what it caches.
    datasource._engine = engine.engine
    datasource._cached_connection_string = datasource.connection_string
    datasource._execution_engine = engine
    datasource._cached_execution_engine_kwargs = datasource.dict(
        exclude=datasource._get_exec_engine_excludes(),
        config_provider=datasource._config_provider,
        exclude_unset=False,
    )
    yield context, datasource


def _validate(
    context: Any, datasource: Any, table: str, expectations: list[dict[str, Any]]
) -> list[Any]:
    """Great Expectations' results in the order of the expectations."""
    from great_expectations import ValidationDefinition
    from great_expectations.core import ExpectationSuite

    batch = datasource.add_table_asset(table, table_name=table).add_batch_definition_whole_table(
        "all"
    )
    suite = context.suites.add(ExpectationSuite(name=table, expectations=expectations))
    validation = context.validation_definitions.add(
        ValidationDefinition(name=table, data=batch, suite=suite)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=DeprecationWarning)
        outcome = validation.run(result_format=RESULT_FORMAT)
    by_name = {r.expectation_config.meta["name"]: r for r in outcome.results}
    return [by_name[expectation["meta"]["name"]] for expectation in expectations]


def _failed_by_la(
    connection: duckdb.DuckDBPyConnection, table: str, expectation: dict[str, Any], result: Any
) -> dict[str, int]:
    """How many rows of each authority break the expectation; empty when none does."""
    if result.success:
        return {}
    name = f"{table}: {expectation['meta']['name']}"
    if result.exception_info.get("raised_exception"):
        raise ExpectationError(
            f"{name} could not be evaluated; check expectations/{table}.json"
        ) from None
    query = expectation["kwargs"].get("unexpected_rows_query")
    query = query.format(batch=table) if query else result.result.get("unexpected_index_query")
    if not query:
        raise ExpectationError(f"{name} can't be counted per authority; write it as a rows query")
    return _count_by_la(connection, query.rstrip().rstrip(";"))


def _count_by_la(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    counted = connection.execute(
        f"select la_code, count(*) from ({query}) group by la_code order by la_code"
    ).fetchall()
    return dict(counted)
