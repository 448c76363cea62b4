"""Where a project keeps what it makes of extracts, and how all of it goes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

# Whole folders that builds and commands write; the next ones write them again.
# `.tmp` is where DuckDB puts aside what doesn't fit into memory, and leaves it if it is killed.
FOLDERS = ("published", "reports", "target", "logs", "spark", ".tmp")
WAREHOUSE_VARIABLE = "CSC_WAREHOUSE"
WAREHOUSES = ("warehouse/csc_outcomes.duckdb", "warehouse/encrypted.duckdb")
LAKE_VARIABLE = "CSC_LAKE_DATA"
# What DuckDB may keep beside a database.
BESIDE = (".wal", ".wal.checkpoint", ".wal.recovery", ".tmp")


class ForgettingError(Exception):
    """Nothing, or not all, could be removed: the message says what, where and what next."""


def warehouses(project: Path, environment: Mapping[str, str] = os.environ) -> list[Path]:
    """The warehouse files that builds may have made (a relative path starts at the project)."""
    named = environment.get(WAREHOUSE_VARIABLE)
    return [project / name for name in (*WAREHOUSES, *([named] if named else []))]


@contextmanager
def nobody_builds(project: Path) -> Iterator[None]:
    """Holds the warehouses, so that no build can begin; ForgettingError while one is at work."""
    with ExitStack() as held:
        for warehouse in warehouses(project):
            if warehouse.is_file():
                held.enter_context(_held(warehouse))
        yield


def _held(warehouse: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(warehouse))
    except duckdb.Error as error:
        if "set lock on" in str(error):
            raise ForgettingError(
                f"Nothing was removed: the warehouse {warehouse} is in use. Wait until the build "
                "is done, or close the program that has it open, then run this again"
            ) from None
        return duckdb.connect()  # damaged or encrypted: it goes like any other


def derived(project: Path) -> list[Path]:
    """What there is of all that was made from the landed records."""
    files = [
        warehouse.with_name(warehouse.name + ending)
        for warehouse in warehouses(project)
        for ending in ("", *BESIDE)
    ]
    return [path for path in (*(project / name for name in FOLDERS), *files) if path.exists()]


def remove(paths: Iterable[Path]) -> None:
    """Deletes files and folders; a link goes, and what it leads to stays. Of `published` the
    pointer goes first, so that no new reader finds half of a build."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            (path / "current").unlink(missing_ok=True)
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def shown(project: Path, paths: Iterable[Path]) -> list[str]:
    """Paths as people know them: from the project on, a folder with a slash."""
    return [
        (path.relative_to(project).as_posix() if path.is_relative_to(project) else str(path))
        + ("/" if path.is_dir() else "")
        for path in paths
    ]
