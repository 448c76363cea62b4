"""Seed files as tables, typed and read as dbt reads them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import yaml

from csc_outcomes.plan.errors import PlanError

Row = dict[str, Any]


def load_seeds(project: Path, names: Iterable[str]) -> duckdb.DuckDBPyConnection:
    """An in-memory database with the named seeds as tables, each cell of the type that its
    property file gives; raises PlanError where a seed is missing or can't be read."""
    types = _column_types(project)
    connection = duckdb.connect()
    for name in names:
        path = next((project / "seeds").rglob(f"{name}.csv"), None)
        if path is None or name not in types:
            raise PlanError(f"seed {name}.csv or its property file isn't in {project / 'seeds'}")
        try:
            _load(connection, name, path, types[name])
        except (duckdb.Error, KeyError, StopIteration) as error:
            raise PlanError(
                f"{path} can't be read: {str(error).splitlines()[0] if str(error) else 'no header'}"
            ) from error
    return connection


def rows(
    connection: duckdb.DuckDBPyConnection, query: str, *parameters: str
) -> list[dict[str, Any]]:
    """The rows of a query, by column name."""
    result = connection.execute(query, list(parameters))
    columns = [column[0] for column in result.description or []]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def _column_types(project: Path) -> dict[str, dict[str, str]]:
    documents = (
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((project / "seeds").rglob("*.yml"))
    )
    return {
        seed["name"]: seed["config"]["column_types"]
        for document in documents
        for seed in document.get("seeds", [])
    }


def _load(
    connection: duckdb.DuckDBPyConnection, name: str, path: Path, types: dict[str, str]
) -> None:
    with path.open(newline="", encoding="utf-8-sig") as file:
        header = next(csv.reader(file))
    columns = ", ".join(f"{column} {types[column]}" for column in header)
    connection.execute(f"create table {name} ({columns})")
    # The statement by which dbt-duckdb loads seeds.
    literal = str(path).replace("'", "''")
    connection.execute(f"copy {name} from '{literal}' (format csv, header true, delimiter ',')")
