"""A copy of the project in which a benchmark lands made-up authorities and adds studies of them."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[1]
# What builds, tools and tests leave behind, and what a copy brings itself.
LEFT_OUT = ("landing", "warehouse", "published", "logs", "target", "keys", "extracts", "tests")
KEY = Path("extracts") / "demonstration.key"


@dataclass(frozen=True)
class ProjectCopy:
    """One copy; the library stays the installed one."""

    path: Path

    @classmethod
    def make(cls, path: Path) -> ProjectCopy:
        """Copies all that dbt reads to `path`, which must not exist yet, and no extract."""
        shutil.copytree(ROOT, path, ignore=_left_out)
        # Macros and tests that the project names; its Python tests are no business of a build.
        for part in ("tests/generic", "tests/singular"):
            shutil.copytree(ROOT / part, path / part)
        (path / KEY).parent.mkdir()
        shutil.copy2(ROOT / KEY, path / KEY)
        return cls(path)

    def seed_rows(self, seed: str) -> list[dict[str, str]]:
        """The rows of a seed."""
        with self._seed(seed).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def write_seed(self, seed: str, rows: Iterable[Mapping[str, str]]) -> None:
        """Puts `rows` in the place of a seed's own; a column that a row lacks stays empty."""
        with self._seed(seed).open(newline="", encoding="utf-8") as file:
            columns = next(csv.reader(file))
        with self._seed(seed).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def dbt(self, *arguments: str) -> None:
        """Runs dbt in the copy; raises RuntimeError with the end of its output when it fails."""
        environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        environment.pop("CSC_PROJECT_DIR", None)
        done = subprocess.run(
            [str(Path(sys.executable).parent / "dbt"), *arguments],
            cwd=self.path,
            env=environment,
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"dbt {' '.join(arguments)} failed:\n{done.stdout[-4000:]}")

    def warehouse(self) -> duckdb.DuckDBPyConnection:
        """The tables of the last run, read-only."""
        return duckdb.connect(str(self.path / "warehouse" / "csc_outcomes.duckdb"), read_only=True)

    def _seed(self, seed: str) -> Path:
        return next((self.path / "seeds").rglob(f"{seed}.csv"))


def _left_out(folder: str, names: list[str]) -> set[str]:
    hidden = {name for name in names if name.startswith(".") or name == "__pycache__"}
    return hidden | ({*LEFT_OUT} if Path(folder) == ROOT else set())
