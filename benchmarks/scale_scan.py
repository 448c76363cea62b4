"""The limit that a build is held against: one typed DuckDB scan of the nation's cases into a table.

    python scale_scan.py csv|parquet MEMORY_LIMIT THREADS

Run in a scale project: reads all its case lists, or all that landed of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from csc_outcomes.synthetic.nation_facts import load_nation

DATE, WHOLE = "_date", ("n_",)
LIST = "rereferral_dates"


def main(source: str, memory: str, threads: str) -> None:
    """Reads and writes, then deletes what was written."""
    table = Path("scan.duckdb")
    table.unlink(missing_ok=True)
    limits = {"memory_limit": memory, "threads": threads, "temp_directory": "spill"}
    with duckdb.connect(str(table), config=limits) as connection:
        connection.execute(f"create table cases as {_select(source)}")
        print(connection.execute("select count(*) from cases").fetchone())
    table.unlink()


def _select(source: str) -> str:
    types = {column: _type(column) for column in load_nation().columns}
    if source == "csv":
        headers = load_nation().columns
        columns = ", ".join(f"'{headers[name]}': '{kind}'" for name, kind in types.items())
        return (
            f"select * from read_csv('extracts/*/*/cases.csv', header=true, columns={{{columns}}})"
        )
    casts = ", ".join(f"try_cast({name} as {kind}) as {name}" for name, kind in types.items())
    return f"select {casts} from read_parquet('landing/case_list__cases/*.parquet')"


def _type(column: str) -> str:
    if column != LIST and (column.endswith(DATE) or "_date_" in column):
        return "date"
    return "integer" if column.startswith(WHOLE) else "varchar"


if __name__ == "__main__":
    main(*sys.argv[1:])
