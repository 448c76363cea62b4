"""Builds of the small project that are disturbed, and what is looked at afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from csc_outcomes.hashes import file_sha256
from projects import Project
from readers import read_once
from small_project import deliver, small_copy

DBT = str(Path(sys.executable).parent / "dbt")
PLANTED = Path(__file__).parent / "planted"
WAREHOUSE = "warehouse/csc_outcomes.duckdb"


@dataclass(frozen=True)
class Outcome:
    """How a build ended and all that it said."""

    code: int
    said: str
    seconds: float

    def line_with(self, *words: str) -> str:
        """The one line that holds all of `words`; fails where there is none."""
        found = [line for line in self.said.splitlines() if all(word in line for word in words)]
        assert found, f"no line says {words}:\n{self.said[-4000:]}"
        return found[0]


def build(
    project: Project,
    *options: str,
    prefix: tuple[str, ...] = (),
    fault: str = "",
    dbts_own: Path | None = None,
) -> Outcome:
    """Runs `dbt build`; `prefix` is a command to run it with, `fault` one of those in planted/,
    `dbts_own` another folder for dbt's log and artefacts."""
    started = time.monotonic()
    result = subprocess.run(
        [*prefix, DBT, "build", *options],
        cwd=project.path,
        env=_environment(fault) | _elsewhere(dbts_own),
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(result.returncode, result.stdout + result.stderr, time.monotonic() - started)


def start(project: Project, log: Path) -> subprocess.Popen[str]:
    """Starts `dbt build` and comes back at once; what it says goes to `log`."""
    with log.open("w") as stream:
        return subprocess.Popen(
            [DBT, "build"],
            cwd=project.path,
            env=_environment(),
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            text=True,
        )


def kill(process: subprocess.Popen[str]) -> bool:
    """Kills a build with all its children, as kill -9 does; whether it was still at work."""
    was_running = process.poll() is None
    if was_running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)
    return was_running


def _elsewhere(folder: Path | None) -> dict[str, str]:
    if folder is None:
        return {}
    return {"DBT_LOG_PATH": str(folder / "logs"), "DBT_TARGET_PATH": str(folder / "target")}


def _environment(fault: str = "") -> dict[str, str]:
    environment = {k: v for k, v in os.environ.items() if k != "CSC_PROJECT_DIR"}
    if fault:
        environment |= {"CSC_PLANTED_FAULT": fault, "PYTHONPATH": str(PLANTED)}
    return environment


def contents(project: Project) -> dict[str, str]:
    """The hash of every public table, and the build that is published.

    Raises what a reader would meet; ValueError where tables are of several builds, or where a file
    is not what the manifest says.
    """
    published = project.path / "published"
    build_id = read_once(published)
    generation = (published / "current").resolve(strict=True)
    manifest = json.loads((generation / "manifest.json").read_text(encoding="utf-8"))
    differ = [
        name for name, sha in manifest["files"].items() if file_sha256(generation / name) != sha
    ]
    if differ or build_id != manifest["build_id"]:
        raise ValueError(f"not what the manifest says: {differ or build_id}")
    tables = (generation / "analyst").glob("*.parquet")
    return {"build_id": build_id, **{path.stem: file_sha256(path) for path in sorted(tables)}}


class Clean:
    """Builds of the small project from nothing, each version of its delivery once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contents: dict[int, dict[str, str]] = {}
        self._pristine = small_copy(folder / "pristine")

    def pristine(self, target: Path) -> Project:
        """A project in which nothing was ever built."""
        shutil.copytree(self._pristine.path, target, symlinks=True)
        return Project(target)

    def project(self, version: int) -> Project:
        """A project in which nothing but that version was ever built."""
        path = self._folder / f"version_{version}"
        if version not in self._contents:
            project = self.pristine(path)
            deliver(project, version)
            outcome = build(project)
            assert outcome.code == 0, outcome.said[-5000:]
            self._contents[version] = contents(project)
        return Project(path)

    def contents(self, version: int) -> dict[str, str]:
        """The hashes of its tables."""
        self.project(version)
        return self._contents[version]

    def copy(self, target: Path) -> Project:
        """A project in which version 0 is built and published; version 1 waits in its place."""
        shutil.copytree(self.project(0).path, target, symlinks=True)
        project = Project(target)
        deliver(project, 1)
        return project
