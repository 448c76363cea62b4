"""What a build of a made-up nation costs: processor time, time on the clock and memory by stage.

    nice .venv/bin/python benchmarks/scale.py --cases 1e5 1e6 1e7 --memory 1GB 2GB 4GB --repeats 3

Every figure is of a process of its own. In the same run DuckDB reads the same files into a typed
table, which is the least that any build can cost, and other tools do the same work from the same
files; what they count must agree with the warehouse. What is measured already isn't measured
again: a run that was stopped goes on where it was. See docs/scale.md.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from project_copy import ROOT
from scale_checks import differences
from scale_nodes import DBT
from scale_runs import PYTHON, SEEDS, WAREHOUSE, WHOLE, Cost, Scale, StageFailed, run

HERE = Path(__file__).parent
BOUNDS = HERE / "scale_bounds.json"
FIELDS = ("cases", "memory", "repeat", "stage", "cpu", "wall", "peak_mb")
SMALL, SMALL_MEMORY = 100_000, "1GB"
FLOOR = 1_000  # cases of a nation that is next to none: what a build of it costs is dbt's own
SLACK = 1.3
R_PACKAGES = ("data.table", "jsonlite", "MatchIt", "survival")
AFTER_WHOLE = "tests"
# Seconds on the clock that a stage takes of two quiet cores, whatever the size and for 10^6 cases.
USUAL = {
    "door": (2, 11),
    "csv scan": (1, 3),
    "parquet scan": (1, 3),
    SEEDS: (25, 0),
    WHOLE: (25, 20),
    AFTER_WHOLE: (60, 30),
    "generator": (1, 4),
}
PEERS = ("pandas", "polars")


class Results:
    """The file of measurements; each is kept as soon as it is made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(",".join(FIELDS) + "\n", encoding="utf-8")
        with path.open(newline="", encoding="utf-8") as file:
            self.rows = list(csv.DictReader(file))

    def has(self, *key: object) -> bool:
        """Whether (cases, memory, repeat, stage) is measured."""
        return any(
            tuple(row[name] for name in FIELDS[:4]) == tuple(map(str, key)) for row in self.rows
        )

    def add(self, *key: object, cost: Cost) -> None:
        """Keeps and prints one measurement."""
        figures = (f"{cost.cpu:.3f}", f"{cost.wall:.3f}", f"{cost.peak_mb:.0f}")
        row = dict(zip(FIELDS, (*map(str, key), *figures), strict=True))
        self.rows.append(row)
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, FIELDS, lineterminator="\n").writerow(row)
        print("  ".join(row.values()), flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs with `argv`, by default the process's own arguments; 1 where a stage got slower than its
    bound, a stage failed, or another tool found something else."""
    options = _parser().parse_args(argv)
    if options.fresh:
        shutil.rmtree(options.work, ignore_errors=True)
    results = Results(options.work / "results.csv")
    try:
        if options.small or options.set_bounds:
            return _small(options, results)
        agree = _full(options, results)
    except StageFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    _tell(options, results)
    return 0 if agree else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    numbers = {"type": lambda text: int(float(text)), "metavar": "N"}
    parser.add_argument("--cases", nargs="+", default=[10**5, 10**6], **numbers)
    parser.add_argument("--memory", nargs="+", default=["4GB"], help="limits of DuckDB")
    parser.add_argument("--threads", type=int, default=2, help="of DuckDB")
    parser.add_argument("--repeats", type=int, default=1, help="medians count")
    parser.add_argument("--with-tests", action="store_true", help="the tests of models, apart")
    parser.add_argument(
        "--peers-up-to", default=10**6, help="cases up to which other tools run too", **numbers
    )
    parser.add_argument(
        "--work", type=Path, default=ROOT / "target" / "scale", help="folder of copies and results"
    )
    parser.add_argument("--fresh", action="store_true", help="forget what is measured already")
    parser.add_argument("--keep", action="store_true", help="keep the copies of the project")
    parser.add_argument("--save", type=Path, help="folder for scale.csv, scale.md and scale.svg")
    parser.add_argument(
        "--small", action="store_true", help="10^5 cases once, held against the bounds of stages"
    )
    parser.add_argument(
        "--set-bounds", action="store_true", help="as --small, and writes what it finds as bounds"
    )
    return parser


def _full(options: argparse.Namespace, results: Results) -> bool:
    print(how_long(options, results), flush=True)
    agree = True
    for n_cases in (FLOOR, *sorted(set(options.cases))):
        path = options.work / str(n_cases)
        limits = [options.memory[-1]] if n_cases == FLOOR else options.memory
        repeats = 1 if n_cases == FLOOR else options.repeats
        for memory in limits:
            scale = Scale(path, memory, options.threads)
            stages = scale.stages(with_tests=options.with_tests)
            if n_cases == FLOOR:
                stages = {name: stages[name] for name in ("door", SEEDS, WHOLE)}
            wanted = [(repeat, name) for repeat in range(repeats) for name in stages]
            if all(results.has(n_cases, memory, *one) for one in wanted):
                continue
            _made(scale, n_cases, results)
            for repeat, name in wanted:
                if not results.has(n_cases, memory, repeat, name):
                    if name == AFTER_WHOLE:
                        _built(scale)
                    for part, cost in scale.measure(name, stages[name]).items():
                        results.add(n_cases, memory, repeat, part, cost=cost)
        if FLOOR < n_cases <= options.peers_up_to:
            agree &= _peers(
                Scale(path, options.memory[-1], options.threads), n_cases, repeats, results
            )
        if not options.keep:
            shutil.rmtree(path, ignore_errors=True)
    return agree


def how_long(options: argparse.Namespace, results: Results) -> str:
    """What is yet to be measured, in words and in minutes as they usually are."""
    stages = [name for name in USUAL if name != "generator"]
    stages = [name for name in stages if name != AFTER_WHOLE or options.with_tests]
    left = [
        (n_cases, name)
        for n_cases in sorted(set(options.cases))
        for memory in options.memory
        for repeat in range(options.repeats)
        for name in stages
        if not results.has(n_cases, memory, repeat, name)
    ]
    left += [(n_cases, "generator") for n_cases in sorted({n for n, _ in left})]
    seconds = sum(USUAL[name][0] + USUAL[name][1] * n_cases / 10**6 for n_cases, name in left)
    return (
        f"{len(left)} measurements to make, about {seconds / 60:.0f} minutes on two quiet cores"
        " without the other tools; if it is stopped, the same command without --fresh goes on"
    )


def _made(scale: Scale, n_cases: int, results: Results, kind: str = "full") -> None:
    """Makes the copy where it isn't there, and gives it the limits."""
    if not (scale.path / "dbt_project.yml").is_file():
        cost = scale.make(n_cases, kind)
        if not results.has(n_cases, "", 0, "generator"):
            results.add(n_cases, "", 0, "generator", cost=cost)
    scale.configure()


def _built(scale: Scale) -> None:
    """Lands and builds the copy where an earlier run took the warehouse away, and measures
    nothing."""
    if not (scale.path / WAREHOUSE).is_file():
        for name in ("door", SEEDS, WHOLE):
            scale.measure(name, scale.stages()[name])


def _peers(scale: Scale, n_cases: int, repeats: int, results: Results) -> bool:
    """Runs the same work in other tools; whether they found the same."""
    agree = True
    for name, why_not in _other_tools():
        if why_not:
            print(f"{name}: not compared, {why_not}")
            continue
        if all(results.has(n_cases, "", repeat, name) for repeat in range(repeats)):
            continue
        _made(scale, n_cases, results)
        _built(scale)
        for repeat in range(repeats):
            cost, theirs = scale.peer(name)
            results.add(n_cases, "", repeat, name, cost=cost)
        answer = scale.path / "warehouse.json"
        checks = [str(PYTHON), str(HERE / "scale_checks.py"), str(scale.path / WAREHOUSE)]
        run([*checks, str(answer)], scale.path, scale.path / "checks.log")
        ours = json.loads(answer.read_text(encoding="utf-8"))
        differ = differences(ours, theirs)
        print(f"{name} and the warehouse: {len(ours)} counts and sums, {len(differ)} differ")
        print("\n".join(differ))
        agree &= not differ
    return agree


def _other_tools() -> Iterator[tuple[str, str]]:
    """Each tool that can be compared, and why it can't be here."""
    for name in PEERS:
        yield name, "" if importlib.util.find_spec(name) else "it isn't installed"
    lacking = [one for one in R_PACKAGES if not _has_r_package(one)]
    yield "R", f"{', '.join(lacking)} not installed" if lacking else ""


def _has_r_package(name: str) -> bool:
    if shutil.which("Rscript") is None:
        return False
    code = f"quit(status = !requireNamespace('{name}', quietly = TRUE))"
    return subprocess.run(["Rscript", "-e", code], capture_output=True, check=False).returncode == 0


def _small(options: argparse.Namespace, results: Results) -> int:
    """Builds the small nation once; 1 and the stage's name where one is over its bound."""
    if not (options.set_bounds or BOUNDS.is_file()):
        print(f"no bounds in {BOUNDS}: --set-bounds writes them", file=sys.stderr)
        return 2
    path = options.work / "small"
    shutil.rmtree(path, ignore_errors=True)
    scale = Scale(path, SMALL_MEMORY, options.threads)
    repeat = sum(row["repeat"].startswith("small") and row["stage"] == DBT for row in results.rows)
    try:
        _made(scale, SMALL, results, "light")
        costs: dict[str, Cost] = {}
        for name, command in scale.stages().items():
            costs |= scale.measure(name, command)
        for name, cost in costs.items():
            results.add(SMALL, SMALL_MEMORY, f"small {repeat}", name, cost=cost)
    finally:
        if not options.keep:
            shutil.rmtree(path, ignore_errors=True)
    ratios = {
        name: round(cost.cpu / costs[DBT].cpu, 2)
        for name, cost in costs.items()
        if name not in (DBT, WHOLE)
    }
    if options.set_bounds:
        text = json.dumps({"cases": SMALL, "reference": DBT, "ratios": ratios}, indent=2)
        BOUNDS.write_text(text + "\n", encoding="utf-8")
        print(f"wrote {BOUNDS}")
        return 0
    slower = over_bounds(ratios, json.loads(BOUNDS.read_text(encoding="utf-8"))["ratios"])
    print("\n".join(slower) or f"every stage within {SLACK} of its bound")
    return 1 if slower else 0


def over_bounds(ratios: dict[str, float], bounds: dict[str, float]) -> list[str]:
    """One line for each stage that takes more than `SLACK` times what it took; a stage without a
    bound is one too many."""
    return [
        f"slower: {name} takes {ratio:.2f} of {DBT}, bound {bounds.get(name, 0):.2f}"
        for name, ratio in ratios.items()
        if ratio > SLACK * bounds.get(name, 0)
    ]


def _tell(options: argparse.Namespace, results: Results) -> None:
    from scale_tables import as_markdown, draw, summarised

    table = summarised(results.rows)
    text = as_markdown(table)
    print(text)
    if options.save is not None:
        options.save.mkdir(parents=True, exist_ok=True)
        table.to_csv(options.save / "scale.csv", index=False, lineterminator="\n")
        (options.save / "scale.md").write_text(text, encoding="utf-8")
        draw(table, options.save / "scale.svg")


if __name__ == "__main__":
    raise SystemExit(main())
