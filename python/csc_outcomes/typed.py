"""Tables whose columns keep their types when they have no rows or nothing but gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

TEXT, NUMBER, COUNT, FLAG = "string", "Float64", "Int64", "boolean"


def typed_table(
    rows: Iterable[Mapping[str, Any]] | pd.DataFrame, columns: Mapping[str, str]
) -> pd.DataFrame:
    """The rows as a frame with exactly `columns` (name to pandas type).

    DuckDB takes a column without a value for whole numbers, and what is built on it then fails.
    """
    if not isinstance(rows, pd.DataFrame):
        rows = pd.DataFrame(list(rows))
    return rows.reindex(columns=list(columns)).astype(dict(columns))


def typed_tables(tables: Sequence[pd.DataFrame], columns: Mapping[str, str]) -> pd.DataFrame:
    """The tables one below the other, as `typed_table` has them; no row where there is no table."""
    return typed_table(pd.concat(tables, ignore_index=True) if tables else [], columns)
