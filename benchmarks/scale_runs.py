"""Commands of the scale benchmark, each in a process of its own whose cost is measured."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from csc_outcomes.synthetic.nation_facts import load_nation
from scale_nodes import DBT, TARGETS

PYTHON = Path(sys.executable)
HERE = Path(__file__).parent
WAREHOUSE = "warehouse/csc_outcomes.duckdb"
# A nation's outcomes are those that a sample can hold: the others would be 160 million rows.
CHOICES = ("--vars", "{outcomes_of: sample_cases}")
SEEDS = "parse and seeds"
WHOLE = "whole"
PARTS_FILE = "parts.json"
LAND = "from csc_outcomes.landing import land; print(land('.').summary())"
MAKE = (
    "import sys; from pathlib import Path; from scale_project import scale_project;"
    "from csc_outcomes.synthetic.nation_facts import load_nation;"
    "path, n_cases, kind = sys.argv[1:];"
    "scale_project(Path(path), load_nation(), int(n_cases), is_light=kind == 'light')"
)


@dataclass(frozen=True)
class Cost:
    """What a process and its children took: seconds of processor time and on the clock, and the
    most memory that one of them held at a time, in megabytes of 2**20 bytes."""

    cpu: float
    wall: float
    peak_mb: float


class StageFailed(RuntimeError):
    """A measured command ended with an error."""


def run(
    command: Sequence[str], folder: Path, log: Path, environment: Mapping[str, str] | None = None
) -> Cost:
    """Runs a command in `folder`, its output going to `log`; StageFailed where it fails.

    The peak of a process counts from its parent's own on, so whoever calls this has to stay small.
    """
    start = time.perf_counter()
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", **(environment or {})},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        end = log.read_text(encoding="utf-8")[-3000:]
        raise StageFailed(f"{' '.join(command)} failed:\n{end}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


@dataclass(frozen=True)
class Scale:
    """One size of nation in a copy of the project, built under one limit of memory."""

    path: Path
    memory: str
    threads: int

    def make(self, n_cases: int, kind: str = "full") -> Cost:
        """Makes the copy with its case lists, `full` or `light`; what they cost."""
        environment = {"PYTHONPATH": str(HERE)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        log = self.path.with_suffix(".log")
        command = [str(PYTHON), "-c", MAKE, str(self.path), str(n_cases), kind]
        return run(command, HERE, log, environment)

    def configure(self) -> None:
        """Gives DuckDB its limits, by a profile of the copy's own."""
        output = {
            "type": "duckdb",
            "path": WAREHOUSE,
            "threads": 1,
            "config_options": {
                "memory_limit": self.memory,
                "threads": self.threads,
                "temp_directory": "spill",
            },
            "plugins": [{"module": "csc_outcomes.dbt_plugin"}],
        }
        profile = {"csc_outcomes": {"target": "local", "outputs": {"local": output}}}
        (self.path / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")

    def forget(self, *folders: str) -> None:
        """Deletes what earlier runs left in these folders."""
        for folder in folders:
            shutil.rmtree(self.path / folder, ignore_errors=True)

    def stages(self, *, with_tests: bool = False) -> dict[str, list[str]]:
        """The commands in the order they are run in, by name. The whole run says what each of its
        parts costs."""
        upstream = [f"+{target}" for target in TARGETS]
        nodes = [str(PYTHON), str(HERE / "scale_nodes.py"), PARTS_FILE]
        stages = {
            "door": [str(PYTHON), "-c", LAND],
            "csv scan": self._scan("csv"),
            "parquet scan": self._scan("parquet"),
            SEEDS: [*self._dbt("seed"), "--select", *upstream],
            WHOLE: [*nodes, "run", *CHOICES, "--select", *upstream],
        }
        if with_tests:
            stages["tests"] = [*self._dbt("test"), "--select", *upstream]
        return stages

    def measure(self, stage: str, command: Sequence[str]) -> dict[str, Cost]:
        """Runs one stage from the same beginning each time; what it cost and, of the whole run,
        what its parts did."""
        if stage == "door":
            self.forget("landing")
        if stage in (SEEDS, WHOLE):
            self.forget("spill", *(["warehouse", "target"] if stage == SEEDS else []))
        cost = run(command, self.path, self.path / f"{stage.replace(' ', '_')}.log")
        if stage != WHOLE:
            return {stage: cost}
        told = json.loads((self.path / PARTS_FILE).read_text(encoding="utf-8"))
        parts = {name: Cost(*figures) for name, figures in told.items()}
        return {WHOLE: replace(cost, peak_mb=parts[DBT].peak_mb), **parts}

    def peer(self, name: str) -> tuple[Cost, dict[str, float]]:
        """Runs the same work in another tool; its cost and its counts."""
        answer = self.path / f"{name}.json"
        cost = run(self._peer(name, answer), self.path, self.path / f"{name}.log")
        return cost, json.loads(answer.read_text(encoding="utf-8"))

    def _peer(self, name: str, answer: Path) -> list[str]:
        if name != "R":
            return [str(PYTHON), str(HERE / f"scale_{name}.py"), str(self.path), str(answer)]
        nation, facts = load_nation(), self.path / "facts.json"
        told = {"columns": dict(nation.columns), "as_of_date": nation.as_of_date.isoformat()}
        facts.write_text(json.dumps(told), encoding="utf-8")
        return ["Rscript", str(HERE / "scale_r.R"), str(self.path), str(answer), str(facts)]

    def _dbt(self, command: str) -> list[str]:
        return [str(PYTHON.parent / "dbt"), command, *CHOICES]

    def _scan(self, source: str) -> list[str]:
        limits = [self.memory, str(self.threads)]
        return [str(PYTHON), str(HERE / "scale_scan.py"), source, *limits]
