"""How far the warehouse's estimators are from a known truth, and how often they claim too much.

    nice python benchmarks/simulation.py --save benchmarks/simulation.csv

Made-up authorities with known effects are landed in a copy of the project and go through the
door, the gate, matching and `py_effect_estimates` as any delivery would. The estimates are then
held against what is true of the very cases that were compared: see docs/simulation.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.extract import with_families, write_delivery
from csc_outcomes.synthetic.facts import load_facts
from measures import summarise
from project_copy import ProjectCopy
from scenarios import SCENARIOS, Scenario
from studies import ALL_ELIGIBLE, BINARY, MATCHED, fitted, set_studies, treated_rows
from tables import as_markdown

FIRST_CODE, MOST_AUTHORITIES = 60, 40  # codes S60 to S99
SEEDS_APART = 1_000_000  # between the first seeds of two scenarios
NEEDED = ("+py_effect_estimates", "+fct_matched_cases")
TESTS = ("test", "unit_test")  # of the project itself: its own builds run them
PUBLISHED_SIZE = (163, 2654)


@dataclass(frozen=True)
class Replicate:
    """One authority of one build."""

    scenario: Scenario
    number: int
    seed: int
    la_code: str

    @property
    def study_id(self) -> str:
        """Its study, which has the same name in every build."""
        return study_of(self.la_code)


def study_of(la_code: str) -> str:
    """The study of a made-up authority."""
    return f"simulated_{la_code.lower()}"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs with `argv`, by default the process's own arguments."""
    options = _parser().parse_args(argv)
    if options.show is not None:
        print(as_markdown(pd.read_csv(options.show)))
        return 0
    replicates = planned(options.scenarios, options.replicates, options.authorities)
    rows = run(replicates, options.cases, options.authorities, options.keep)
    summary = summarise(rows)
    if options.save is not None:
        summary.to_csv(options.save, index=False, float_format="%.6g", lineterminator="\n")
    print(as_markdown(summary))
    used = os.times()
    seconds = used.user + used.system + used.children_user + used.children_system
    print(f"{len(replicates)} replicates, {seconds / 60:.1f} minutes of processor time")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--replicates", type=int, default=100, help="of each main scenario, 3 in 10 of the others"
    )
    parser.add_argument(
        "--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS), help="default: all"
    )
    parser.add_argument(
        "--cases",
        type=int,
        nargs=2,
        metavar=("TREATED", "COMPARATORS"),
        default=PUBLISHED_SIZE,
        help="eligible cases of each authority, by default as many as the published study had",
    )
    parser.add_argument(
        "--authorities",
        type=int,
        choices=range(1, MOST_AUTHORITIES + 1),
        metavar="N",
        default=MOST_AUTHORITIES,
        help=f"in one build, at most and by default {MOST_AUTHORITIES}",
    )
    parser.add_argument("--keep", type=Path, help="a new folder for the copy, which then stays")
    parser.add_argument("--save", type=Path, help="CSV file for the measures")
    parser.add_argument("--show", type=Path, help="print the tables of saved measures, run nothing")
    return parser


def planned(names: Sequence[str], n: int, n_per_build: int) -> list[Replicate]:
    """`n` replicates of each main scenario; a seed depends on scenario and number alone."""
    order = list(SCENARIOS)
    pairs = [
        (name, number)
        for number in range(n)
        for name in names
        if number < ceil(n * SCENARIOS[name].share)
    ]
    return [
        Replicate(
            SCENARIOS[name],
            number,
            SEEDS_APART * (order.index(name) + 1) + number,
            f"S{FIRST_CODE + place % n_per_build}",
        )
        for place, (name, number) in enumerate(pairs)
    ]


def run(
    replicates: list[Replicate],
    cases: tuple[int, int] = PUBLISHED_SIZE,
    n_per_build: int = MOST_AUTHORITIES,
    keep: Path | None = None,
) -> pd.DataFrame:
    """One row per replicate and analysis, as `measures.summarise` takes them."""
    with tempfile.TemporaryDirectory() as scratch:
        project = ProjectCopy.make(keep or Path(scratch) / "project")
        set_studies(project, {study_of(code): code for code in _codes(replicates)})
        found = []
        for first in range(0, len(replicates), n_per_build):
            batch = replicates[first : first + n_per_build]
            found += list(_built(project, batch, cases))
            print(f"{first + len(batch)} of {len(replicates)} replicates done", flush=True)
    return pd.concat(found, ignore_index=True)


def _codes(replicates: list[Replicate]) -> list[str]:
    return sorted({one.la_code for one in replicates})


def _built(
    project: ProjectCopy, batch: list[Replicate], cases: tuple[int, int]
) -> Iterator[pd.DataFrame]:
    """Lands and builds one batch; the estimates of each replicate with the truth beside them."""
    facts = load_facts()
    for earlier in (project.path / "extracts").glob("synthetic_*"):
        shutil.rmtree(earlier)
    truths = {}
    for one in batch:
        extract = one.scenario.extract(*cases, one.seed, facts)
        truths[one.study_id] = one.scenario.truths(extract, facts)
        layout = with_families(
            replace(facts.extract, la_code=one.la_code, la_name=f"Simulated {one.la_code}")
        )
        folder = f"synthetic_{one.la_code.lower()}"
        write_delivery(extract, layout, project.path / "extracts" / folder / "all")
    project.dbt("build", "--select", *NEEDED, "--exclude-resource-type", *TESTS)
    with project.warehouse() as warehouse:
        estimates, treated = fitted(warehouse), treated_rows(warehouse)
    for one in batch:
        own = estimates[estimates["study_id"] == one.study_id]
        rows = treated[treated["study_id"] == one.study_id].set_index("sample")["extract_row"]
        means = {
            sample: truths[one.study_id].loc[rows[rows.index == sample]].mean()
            for sample in (MATCHED, ALL_ELIGIBLE)
        }
        yield _with_truths(one, own, means)


def _with_truths(
    one: Replicate, estimates: pd.DataFrame, means: dict[str, pd.Series]
) -> pd.DataFrame:
    """The estimates with the truth of their sample; those of lengths twice, by either truth."""
    truths = [_truth(one.scenario, row, means) for row in estimates.to_dict("records")]
    rows = estimates.assign(truth=np.array(truths, dtype=float))
    lengths = rows[rows["estimator"] == "censored_normal"]
    given_open = lengths.assign(
        analysis="open" + lengths["analysis"],
        truth=[means[sample]["length_given_open"] for sample in lengths["sample"]],
    )
    rows = pd.concat([rows, given_open], ignore_index=True)
    return rows.assign(scenario=one.scenario.name, replicate=one.number, seed=one.seed)


def _truth(scenario: Scenario, row: dict, means: dict[str, pd.Series]) -> float | None:
    """What a perfect analysis of the same treated cases would find."""
    if row["outcome"] in BINARY.values():
        return means[row["sample"]][row["outcome"]]
    if row["estimator"] == "censored_normal":
        return scenario.length_weeks
    return scenario.log_hazard_ratio


if __name__ == "__main__":
    raise SystemExit(main())
