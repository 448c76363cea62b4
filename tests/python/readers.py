"""A reader of published builds, as a process of its own: BI tools read while builds publish."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

STOP = "reader.stop"
LOG = "reader.jsonl"


def read_once(published: Path) -> str:
    """Resolves `current` once and reads everything from there; the one build that all of it is of.

    Raises whatever goes wrong, ValueError where files of two builds lie together.
    """
    generation = (published / "current").resolve(strict=True)
    builds = {str(json.loads((generation / "manifest.json").read_text())["build_id"])}
    kinds = [kind for kind in ("analyst", "release") if (generation / kind).is_dir()]
    with duckdb.connect(config={"threads": 1}) as read:
        for kind in kinds:
            folder = generation / kind
            read.execute(f"attach '{folder / 'csc_outcomes.duckdb'}' as {kind} (read_only)")
            rows = read.execute(
                "select table_name from duckdb_tables() where database_name = ?", [kind]
            ).fetchall()
            names = [str(name) for (name,) in rows]
            builds |= _builds(read, [f"{kind}.{name}" for name in names])
            builds |= _builds(read, [f"'{folder / f'{name}.parquet'}'" for name in names])
    page = (generation / "index.html").read_text() if (generation / "index.html").exists() else None
    if page is not None and not all(build in page for build in builds):
        raise ValueError(f"the start page is not of {builds}")
    if len(builds) != 1:
        raise ValueError(f"files of {len(builds)} builds: {sorted(builds)}")
    return builds.pop()


def _builds(connection: duckdb.DuckDBPyConnection, tables: list[str]) -> set[str]:
    query = " union ".join(f"select distinct build_id from {table}" for table in tables)
    return {str(build) for (build,) in connection.execute(query).fetchall()}


def poll(published: Path, folder: Path, pause: float) -> None:
    """Reads until it is told to stop, with a pause between; one line per read."""
    with (folder / LOG).open("a", encoding="utf-8") as log:
        while not (folder / STOP).exists():
            try:
                read = {"build": read_once(published)}
            except Exception as error:
                read = {"error": f"{type(error).__name__}: {error}"}
            log.write(json.dumps(read) + "\n")
            log.flush()
            time.sleep(pause)


class Reader:
    """What the reading process has seen so far."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / LOG

    def reads(self) -> list[dict[str, str]]:
        """One entry per read, with `build` or `error`."""
        lines = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        return [json.loads(line) for line in lines]

    @property
    def errors(self) -> list[str]:
        return [read["error"] for read in self.reads() if "error" in read]

    @property
    def builds(self) -> list[str]:
        """The builds in the order in which they were first seen."""
        return list(dict.fromkeys(read["build"] for read in self.reads() if "build" in read))

    def wait_for(self, n_more: int, seconds: float = 60) -> None:
        """Waits until there are `n_more` reads than now."""
        wanted, until = len(self.reads()) + n_more, time.monotonic() + seconds
        while len(self.reads()) < wanted:
            assert time.monotonic() < until, "the reader has stopped"
            time.sleep(0.02)


@contextlib.contextmanager
def reading(published: Path, folder: Path, pause: float = 0.01) -> Iterator[Reader]:
    """A process that polls `published` for as long as the block lasts, at least once."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, str(published), str(folder), str(pause)]
    process = subprocess.Popen(command)
    reader = Reader(folder)
    try:
        reader.wait_for(1)
        yield reader
        reader.wait_for(1)
    finally:
        (folder / STOP).touch()
        process.wait(60)


if __name__ == "__main__":
    poll(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
