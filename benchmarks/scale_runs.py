"""Commands of the scale benchmark, each in a process of its own whose cost is measured."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from csc_outcomes.synthetic.nation_facts import load_nation

PYTHON = Path(sys.executable)
HERE = Path(__file__).parent
WAREHOUSE = "warehouse/csc_outcomes.duckdb"
TARGETS = ("fct_matched_cases", "fct_matched_links", "fct_case_outcomes")
SEEDS = "parse and seeds"
GATE = "fct_expectation_results"
TYPING = ("path:models/staging", "path:models/standard")
MATCHING = (
    *("path:models/intermediate/matching", "path:python/models"),
    *("fct_matched_cases", "fct_matched_links"),
)
PARTS = ("staging and standard", "gate", "cohort", "matching and weights", "outcomes")
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

    def stages(self, *, is_small: bool = False, with_tests: bool = False) -> dict[str, list[str]]:
        """The commands in the order they are run in, by name; a small benchmark builds once, part
        by part, any other builds in one process first and then each part again."""
        upstream = [f"+{target}" for target in TARGETS]
        typing = [f"{one},{path}" for one in upstream for path in TYPING]
        matching = [f"{one},{part}" for one in upstream for part in MATCHING]
        weighed = upstream[:2]  # all that matched cases and links need
        run_models = [*self._dbt("run"), "--select"]
        stages = {
            "door": [str(PYTHON), "-c", LAND],
            "csv scan": self._scan("csv"),
            "parquet scan": self._scan("parquet"),
            SEEDS: [*self._dbt("seed"), "--select", *upstream],
            "dbt start": [*run_models, "stg_landing__load_log"],
            "whole": [*run_models, *upstream],
            "staging and standard": [*run_models, *typing],
            "gate": [*run_models, f"+{GATE}", "--exclude", *TYPING],
            "cohort": [*run_models, *weighed, "--exclude", *TYPING, *MATCHING, f"+{GATE}"],
            "matching and weights": [*run_models, *matching, "--exclude", f"+{GATE}"],
            "outcomes": [
                *(*run_models, *upstream),
                *("--exclude", *TYPING, *MATCHING, *weighed, f"+{GATE}"),
            ],
        }
        if with_tests:
            stages["tests"] = [*self._dbt("test"), "--select", *upstream]
        left_out = ("whole", "parquet scan") if is_small else ()
        return {name: command for name, command in stages.items() if name not in left_out}

    def measure(self, stage: str, command: Sequence[str]) -> Cost:
        """Runs one stage from the same beginning each time."""
        if stage == "door":
            self.forget("landing")
        if stage in (SEEDS, "whole"):
            self.forget("spill", *(["warehouse", "target"] if stage == SEEDS else []))
        return run(command, self.path, self.path / f"{stage.replace(' ', '_')}.log")

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
        return [str(PYTHON.parent / "dbt"), command]

    def _scan(self, source: str) -> list[str]:
        limits = [self.memory, str(self.threads)]
        return [str(PYTHON), str(HERE / "scale_scan.py"), source, *limits]
