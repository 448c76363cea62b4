"""What a second study costs: builds of each study of the project alone and of all in one.

    nice python benchmarks/two_studies.py

Each set of studies is built twice in a copy of the project, with its own extracts and its own rows
of every seed that has a column study_id; the second build, over files already landed, is measured.
A build has a part that every set pays, whatever its studies: that of a copy without any study.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from project_copy import ROOT, ProjectCopy

SLOWEST = 12
NONE, ALL = "none", "all"
TESTS = ("test", "unit_test")


@dataclass(frozen=True)
class Cost:
    """One build: seconds on the clock, of processor time, and of each model."""

    wall: float
    cpu: float
    models: Mapping[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds, measures and prints the tables."""
    parser = argparse.ArgumentParser(description="What a second study costs.")
    parser.add_argument("--repeats", type=int, default=1, help="warm builds of each set")
    parser.add_argument("--with-tests", action="store_true", help="run the tests of models too")
    chosen = parser.parse_args(arguments)
    las = authorities()
    sets = {NONE: [], **{study: [study] for study in las}, ALL: list(las)}
    costs = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, studies in sets.items():
            project = copy_with(Path(folder) / name, studies, las)
            costs[name] = measured(project, chosen.repeats, chosen.with_tests)
    print(overview(costs).to_string(index=False))
    print()
    print(by_model(costs).to_string(index=False))
    return 0


def authorities() -> dict[str, Path]:
    """The study of each authority with extracts, and the folder that they are in."""
    folders = {}
    for contract in sorted((ROOT / "extracts").glob("*/*/extract.yml")):
        text = yaml.safe_load(contract.read_text(encoding="utf-8"))
        folders[str(text["la_code"])] = contract.parents[1]
    studies = pd.read_csv(ROOT / "seeds" / "studies" / "studies.csv", dtype=str)
    pairs = zip(studies["study_id"], studies["la_code"], strict=True)
    return {study: folders[la_code] for study, la_code in pairs if la_code in folders}


def copy_with(path: Path, studies: Iterable[str], las: Mapping[str, Path]) -> ProjectCopy:
    """A copy of the project with some studies and their authorities alone."""
    project = ProjectCopy.make(path)
    for study in studies:
        shutil.copytree(las[study], path / "extracts" / las[study].name)
    for seed in sorted((path / "seeds").rglob("*.csv")):
        rows = project.seed_rows(seed.stem)
        if rows and "study_id" in rows[0]:
            kept = [row for row in rows if row["study_id"] in set(studies)]
            project.write_seed(seed.stem, kept)
    return project


def measured(project: ProjectCopy, repeats: int, with_tests: bool) -> Cost:
    """The cheapest of some warm builds."""
    left_out = [] if with_tests else ["--exclude-resource-types", *TESTS]
    project.dbt("build", *left_out)
    costs = []
    for _ in range(repeats):
        before, start = _processor_seconds(), time.perf_counter()
        project.dbt("build", *left_out)
        wall, cpu = time.perf_counter() - start, _processor_seconds() - before
        costs.append(Cost(wall, cpu, _seconds_of_models(project.path)))
    return min(costs, key=lambda cost: cost.cpu)


def overview(costs: Mapping[str, Cost]) -> pd.DataFrame:
    """One row per set of studies: what it costs, and what above a build without a study."""
    table = pd.DataFrame(
        {"wall s": cost.wall, "cpu s": cost.cpu, "models s": sum(cost.models.values())}
        for cost in costs.values()
    )
    nothing = table.iloc[0]
    for column in ("cpu s", "models s"):
        table[f"{column} above none"] = table[column] - nothing[column]
    table.insert(0, "studies", list(costs))
    return table.round(1)


def by_model(costs: Mapping[str, Cost]) -> pd.DataFrame:
    """The models that cost most beyond the sum of the studies' shares, in seconds."""
    table = pd.DataFrame({name: cost.models for name, cost in costs.items()}).fillna(0.0)
    studies = table.drop(columns=[NONE, ALL])
    shares = studies.sub(table[NONE], axis=0).sum(axis=1) + table[NONE]
    table["beyond shares"] = table[ALL] - shares
    slowest = table.sort_values("beyond shares", ascending=False).head(SLOWEST).round(2)
    return slowest.rename_axis("model").reset_index()


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _seconds_of_models(path: Path) -> dict[str, float]:
    results = json.loads((path / "target" / "run_results.json").read_text(encoding="utf-8"))
    seconds: dict[str, float] = defaultdict(float)
    for result in results["results"]:
        kind, _, name = result["unique_id"].split(".")[:3]
        if kind in ("model", "seed"):
            seconds[name] += result["execution_time"]
    return dict(seconds)


if __name__ == "__main__":
    raise SystemExit(main())
