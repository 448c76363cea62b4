"""Descriptions as DuckDB comments, which BI tools and database browsers show."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

BUILD_ID = "The build that made this table; the same in all tables of one folder."
COMMENTS = """
select table_name, null as column_name, comment from duckdb_tables()
where database_name = current_database() and comment is not null
union all
select view_name, null, comment from duckdb_views()
where database_name = current_database() and comment is not null
union all
select table_name, column_name, comment from duckdb_columns()
where database_name = current_database() and comment is not null
order by all
"""
COLUMNS = "select table_name, column_name from duckdb_columns() where database_name = ?"


def copy_comments(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[str], catalog: str
) -> None:
    """Gives `tables` in the attached database `catalog` the comments that the warehouse's tables or
    views of these names have, and `build_id`, which publishing adds, one of its own.

    A table or column that only one of the two has stays as it is. One transaction, so the
    connection must not be in one.
    """
    there = set(connection.execute(COLUMNS, [catalog]).fetchall())
    found = {table for table, _ in there}
    own = set(tables)
    comments = [row for row in connection.execute(COMMENTS).fetchall() if row[0] in own]
    comments += [(table, "build_id", BUILD_ID) for table in tables]
    statements = []
    for table, column, comment in comments:
        target = f"{_name(catalog)}.main.{_name(table)}"
        if column is None and table in found:
            statements.append(f"comment on table {target} is {_text(comment)}")
        elif (table, column) in there:
            statements.append(f"comment on column {target}.{_name(column)} is {_text(comment)}")
    connection.execute(";".join(["begin transaction", *statements, "commit"]))


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
