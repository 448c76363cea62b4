"""Where a project keeps what it makes of extracts, and how all of it goes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from csc_outcomes.causes import is_locked
from csc_outcomes.lock import ProjectInUse, alone

SPARK = "spark"
# Whole folders that builds and commands write; the next ones write them again.
# `.tmp` is where DuckDB puts aside what doesn't fit into memory, and leaves it if it is killed.
FOLDERS = ("published", "reports", "target", "logs", SPARK, ".tmp")
WAREHOUSE_VARIABLE = "CSC_WAREHOUSE"
WAREHOUSES = ("warehouse/csc_outcomes.duckdb", "warehouse/encrypted.duckdb")
OTHERS = Path("warehouse") / ".others"  # paths of warehouses that builds made elsewhere
SHARED, SHARED_VARIABLE = Path("warehouse") / ".shared", "CSC_LAKE_DATA"
# What DuckDB may keep beside a database; it goes first, so that what is left can still be found.
BESIDE = (".wal", ".wal.checkpoint", ".wal.recovery", ".tmp")
EMPTY = 12_288  # bytes of a DuckDB file that was opened and never written to
# How a DuckDB file begins, encrypted or not, after a checksum of 8 bytes.
MAGIC = slice(8, 12), b"DUCK"


class ForgettingError(Exception):
    """Nothing, or not all, could be removed: the message says what, where and what next."""


def warehouses(project: Path, environment: Mapping[str, str] = os.environ) -> list[Path]:
    """The warehouse files that builds may have made (a relative path starts at the project).

    ForgettingError where CSC_WAREHOUSE leads to something else: that is nobody's to delete.
    """
    paths = known_warehouses(project)
    named = environment.get(WAREHOUSE_VARIABLE)
    if named and (path := Path(os.path.normpath(project / named))) not in paths:
        if os.path.lexists(path) and not _was_built(path):
            raise ForgettingError(
                f"Nothing was removed: {WAREHOUSE_VARIABLE} names {path}, and that is no warehouse "
                "that a build made. Unset it, or set it to the warehouse, then run this again"
            )
        paths.append(path)
    return paths


def known_warehouses(project: Path) -> list[Path]:
    """The warehouse files in the usual places, and those that builds are known to have made."""
    elsewhere = (path for path in map(Path, _notes(project)) if _was_built(path))
    return [*(project / name for name in WAREHOUSES), *elsewhere]


def note_warehouse(project: Path, warehouse: Path) -> None:
    """Remembers a warehouse outside the usual places, so that what removes a child finds it from a
    shell in which CSC_WAREHOUSE isn't set, too."""
    path = warehouse.resolve()
    is_usual = any(path.is_relative_to(project / name) for name in (*WAREHOUSES, SPARK))
    if not is_usual and str(path) not in _notes(project):
        notes = project / OTHERS
        notes.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with notes.open("a", encoding="utf-8") as stream:
            stream.write(f"{path}\n")


def note_shared_warehouse(project: Path, data: str) -> None:
    """Remembers that builds filled a shared warehouse, whose files are in `data`."""
    notes = project / SHARED
    notes.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    notes.write_text(f"{data}\n", encoding="utf-8")


def shared_warehouse(project: Path, environment: Mapping[str, str] = os.environ) -> str | None:
    """Where the files of a shared warehouse are that builds filled or that is set up here, which no
    command here empties; None where there is none."""
    notes = project / SHARED
    noted = notes.read_text("utf-8").strip() if notes.is_file() else None
    return noted or environment.get(SHARED_VARIABLE)


def files_of(warehouse: Path) -> list[Path]:
    """A warehouse and all that DuckDB may keep beside it, whether or not it is there."""
    return [warehouse.with_name(warehouse.name + ending) for ending in (*BESIDE, "")]


def wishes_note(warehouse: Path) -> Path:
    """Beside each warehouse: under which wishes it was built."""
    return warehouse.with_name(f".{warehouse.name}.wishes")


@contextmanager
def nobody_builds(project: Path) -> Iterator[None]:
    """Has the project and the warehouses alone, so that no build can begin; ForgettingError while
    one is at work."""
    with ExitStack() as held:
        try:
            held.enter_context(alone(project))
        except ProjectInUse as error:
            raise ForgettingError(str(error)) from None
        for warehouse in warehouses(project):
            if warehouse.is_file():
                held.enter_context(_held(warehouse))
        yield


def derived(project: Path) -> list[Path]:
    """What there is of all that was made from the landed records; ForgettingError where a part of
    it lies elsewhere."""
    files = [
        path
        for warehouse in warehouses(project)
        if warehouse.exists() or warehouse.is_relative_to(project / "warehouse")
        for path in files_of(warehouse)
    ]
    for path in files:
        if path.is_dir() and path.suffix != ".tmp":
            raise ForgettingError(
                f"Nothing was removed: {path} is a folder, and no warehouse. Move it away, then "
                "run this again"
            )
    places = (*(project / name for name in FOLDERS), *files)
    return all_here([path for path in places if os.path.lexists(path)])


def all_here(paths: list[Path]) -> list[Path]:
    """The paths; ForgettingError where one is, or holds, a link that leads out of them: the link
    would go, and the data stay."""
    places = [Path(os.path.realpath(path)) for path in paths if not path.is_symlink()]
    links = (p for path in paths for p in (path, *path.rglob("*")) if p.is_symlink())
    for link in links:
        target = Path(os.path.realpath(link))
        if not any(target.is_relative_to(place) for place in places):
            raise ForgettingError(
                f"Nothing was removed: {link} is a link to {target}, where the data would stay. "
                "Delete them there and the link here, then run this again"
            )
    return paths


def remove(paths: Iterable[Path]) -> None:
    """Deletes files and folders. Of `published` the pointer goes first, so that no new reader
    finds half of a build."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            if path.name == "published" and (path / "current").is_symlink():
                (path / "current").unlink()
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


def _notes(project: Path) -> list[str]:
    notes = project / OTHERS
    return notes.read_text("utf-8").splitlines() if notes.is_file() else []


def _was_built(path: Path) -> bool:
    """Whether a file is a DuckDB database that a build opened."""
    if path.is_symlink() or not path.is_file() or not wishes_note(path).is_file():
        return False
    with path.open("rb") as stream:
        place, magic = MAGIC
        return stream.read(place.stop)[place] == magic


def _held(warehouse: Path) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(warehouse))
    except duckdb.Error as error:
        if is_locked(error):
            raise ForgettingError(
                f"Nothing was removed: the warehouse {warehouse} is in use. Wait until the build "
                "is done, or close the program that has it open, then run this again"
            ) from None
        return duckdb.connect()  # damaged or encrypted: it goes like any other
