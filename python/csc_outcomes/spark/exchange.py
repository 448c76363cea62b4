"""The folder that both engines read: Spark's tables as views in DuckDB, and what Python models
fitted as Parquet files for Spark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

# DuckDB's types that Spark names otherwise; a column of nulls alone is whole numbers in DuckDB.
SPARK_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp_ntz",
}


class NotExchangeable(Exception):
    """A column's type has no counterpart in the other engine."""


def described(name: str, schema: str, folder: Path) -> dict[str, Any]:
    """What `spark_know_tables` needs to know of the Parquet files in a folder: by their columns'
    names, so that files may hold different ones. Raises NotExchangeable."""
    query = f"describe from read_parquet({_files(folder)}, union_by_name = true)"
    columns = []
    for column, kind, *_ in duckdb.sql(query).fetchall():
        if kind not in SPARK_TYPES:
            raise NotExchangeable(f"{name}.{column} is {kind} in DuckDB, which Spark doesn't know")
        columns.append([column, SPARK_TYPES[kind]])
    return {"schema": schema, "name": name, "columns": columns, "folder": folder.as_posix()}


def show_tables(
    connection: duckdb.DuckDBPyConnection, models: Iterable[Mapping[str, Any]], tables: Path
) -> None:
    """Makes each of Spark's tables that is there a view in DuckDB, with the descriptions that dbt
    has of it; `models` are nodes of dbt's manifest."""
    for model in models:
        name, folder = model["alias"], tables / model["alias"]
        if not any(folder.glob("*.parquet")):
            continue
        view = _name(name)
        connection.execute(
            f"create or replace view {view} as select * from read_parquet({_files(folder)})"
        )
        if model["resource_type"] == "model" and model["access"] == "public":
            connection.execute(f"comment on view {view} is {_text(model['description'])}")
            for column in model["columns"].values():
                connection.execute(
                    f"comment on column {view}.{_name(column['name'])} is "
                    f"{_text(column['description'])}"
                )


def hand_over(
    connection: duckdb.DuckDBPyConnection, names: Iterable[str], folder: Path
) -> list[dict[str, Any]]:
    """Writes tables of DuckDB's as Parquet files, one folder each, and describes them."""
    found = []
    for name in names:
        place = folder / name
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = _text((place / "table.parquet").as_posix())
        connection.execute(f"copy (select * from {_name(name)}) to {target} (format parquet)")
        found.append(described(name, "", place))
    return found


def _files(folder: Path) -> str:
    return _text((folder / "*.parquet").as_posix())


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
