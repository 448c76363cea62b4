"""Where pages read from: the tables of one published build, for analysts or for release."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import duckdb
import pandas as pd

Kind = Literal["analyst", "release"]
SHOWN = "shown"
PREFIXES: dict[Kind, tuple[str, ...]] = {"analyst": ("fct_", "def_", "dim_"), "release": ("rpt_",)}


class MissingTable(LookupError):
    """The build has no such table of this kind: row-level tables have no release table."""


class Source:
    """The tables of one build, read-only.

    `table("effect_estimates", study_id="fact22")` reads `fct_`, `def_` or `dim_effect_estimates`
    for the kind `analyst` and `rpt_effect_estimates` for `release`, so that a page has one code
    path for both. Both have the columns `disclosure` and `disclosure_reason`.
    """

    def __init__(self, folder: Path, kind: Kind) -> None:
        """`folder` holds `analyst/` and `release/`: a generation, or its draft.

        Raises FileNotFoundError when the build has no tables of this kind.
        """
        path = folder / kind / "csc_outcomes.duckdb"
        if not path.is_file():
            raise FileNotFoundError(f"no {kind} tables at {path}: run `dbt build` first")
        self.folder, self.kind = folder, kind
        self._connection = duckdb.connect(str(path), read_only=True)
        rows = self._connection.execute(
            "select table_name from information_schema.tables where table_schema = 'main'"
        ).fetchall()
        self._tables = frozenset(str(name) for (name,) in rows)

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        self._connection.close()

    @property
    def is_release(self) -> bool:
        return self.kind == "release"

    @property
    def build_id(self) -> str:
        """The build that the tables come from; empty where no table tells."""
        try:
            rows = self.table("studies")
        except MissingTable:
            return ""
        return str(rows["build_id"].iloc[0]) if len(rows) and "build_id" in rows else ""

    def full_name(self, name: str) -> str:
        """The table's name in the file, `fct_effect_estimates`. Raises MissingTable."""
        for prefix in PREFIXES[self.kind]:
            if prefix + name in self._tables:
                return prefix + name
        raise MissingTable(f"the {self.kind} tables of this build have no table {name}")

    def has(self, name: str) -> bool:
        """Whether the build has the table."""
        return any(prefix + name in self._tables for prefix in PREFIXES[self.kind])

    def table(self, name: str, **where: Any) -> pd.DataFrame:
        """All rows whose columns equal `where`, in a fixed order: a new frame, free to change.

        Raises MissingTable when there is no such table, KeyError when it lacks a column of `where`.
        """
        rows = self._read(self.full_name(name)).copy()
        for column, value in where.items():
            rows = rows[rows[column].isna() if value is None else rows[column] == value]
        return rows.reset_index(drop=True)

    def table_or_empty(self, name: str, **where: Any) -> pd.DataFrame:
        """As `table`, an empty frame without columns where there is no such table."""
        return self.table(name, **where) if self.has(name) else pd.DataFrame()

    @cache  # noqa: B019 a source lives as long as one run of pages
    def _read(self, full_name: str) -> pd.DataFrame:
        rows = self._connection.execute(f'select * from "{full_name}" order by all').fetchdf()
        if "disclosure" not in rows:
            rows["disclosure"] = SHOWN
        if "disclosure_reason" not in rows:
            rows["disclosure_reason"] = None
        return rows
