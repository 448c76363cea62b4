"""One run of dbt in this process, and what each part of the build costs in it.

    python scale_nodes.py ANSWER run --select ...

Run in a scale project. Writes {part: [CPU seconds, seconds on the clock, peak megabytes]} to
ANSWER; what no model takes is dbt's own and goes under `DBT`, with the peak of the whole run.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GATE = "fct_expectation_results"
WEIGHTS = ("fct_matched_cases", "fct_matched_links")
TARGETS = (*WEIGHTS, "fct_case_outcomes")
TYPING = ("models/staging/", "models/standard/")
MATCHING = ("models/intermediate/matching/", "python/models/")
PARTS = ("staging and standard", "gate", "cohort", "matching and weights", "outcomes")
DBT = "dbt start"


class Meter:
    """Tells what passes between the start and the end of each node of a run with one thread."""

    def __init__(self) -> None:
        self.costs: dict[str, tuple[float, float, float]] = {}
        self.peak = 0.0
        self._start = (0.0, 0.0)

    def __call__(self, event: Any) -> None:
        """Takes an event of dbt's."""
        if event.info.name == "NodeStart":
            self.read_peak()
            self._start = time.process_time(), time.perf_counter()
        elif event.info.name == "NodeFinished":
            cpu, wall = self._start
            self.costs[event.data.node_info.unique_id] = (
                time.process_time() - cpu,
                time.perf_counter() - wall,
                self.read_peak(),
            )

    def read_peak(self) -> float:
        """The most memory held since this was asked last, in megabytes of 2**20 bytes."""
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        peak = int(found[1]) / 1024 if found else 0.0
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
        self.peak = max(self.peak, peak)
        return peak


def parts_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The part of the build that each node belongs to. The gate is all that the targets would not
    need without it."""
    by_name = {node["name"]: key for key, node in manifest["nodes"].items()}
    gate = by_name[GATE]
    targets = [by_name[name] for name in TARGETS]
    weighed = _upstream(manifest, [by_name[name] for name in WEIGHTS])
    for_gate = _upstream(manifest, [gate]) - _upstream(manifest, targets, without=gate)
    parts = {}
    for key, node in manifest["nodes"].items():
        path = node["original_file_path"]
        if key in for_gate:
            parts[key] = PARTS[1]
        elif path.startswith(TYPING):
            parts[key] = PARTS[0]
        elif path.startswith(MATCHING) or node["name"] in WEIGHTS:
            parts[key] = PARTS[3]
        else:
            parts[key] = PARTS[2] if key in weighed else PARTS[4]
    return parts


def _upstream(manifest: Mapping[str, Any], keys: list[str], without: str = "") -> set[str]:
    found: set[str] = set()
    while keys:
        key = keys.pop()
        if key not in found and key != without:
            found.add(key)
            keys += manifest["parent_map"].get(key, [])
    return found


def main(answer: str, *arguments: str) -> int:
    """Runs dbt with `arguments`; 1 where it fails."""
    from dbt.cli.main import dbtRunner  # not for those who only want names: it takes memory

    meter = Meter()
    started = time.perf_counter()
    if not dbtRunner(callbacks=[meter]).invoke(list(arguments)).success:
        return 1
    meter.read_peak()
    parts = parts_of(json.loads(Path("target/manifest.json").read_text(encoding="utf-8")))
    told = {part: [0.0, 0.0, 0.0] for part in PARTS}
    for key, (cpu, wall, peak) in meter.costs.items():
        own = told[parts[key]]
        told[parts[key]] = [own[0] + cpu, own[1] + wall, max(own[2], peak)]
    rest = [time.process_time(), time.perf_counter() - started]
    rest = [whole - sum(own[i] for own in told.values()) for i, whole in enumerate(rest)]
    told[DBT] = [*rest, meter.peak]
    Path(answer).write_text(json.dumps(told, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
