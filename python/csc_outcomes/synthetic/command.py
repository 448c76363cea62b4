"""The command: make a synthetic delivery in a folder, or check one."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from csc_outcomes.progress import say, tracked
from csc_outcomes.synthetic.facts import StudyFacts, load_facts

if TYPE_CHECKING:
    import pandas as pd

MODES = (
    *("exact", "stochastic", "study-files", "verify", "trial", "verify-trial", "returns"),
    "nation",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run with `argv`, by default the process's own arguments; 0, or 1 when a check fails."""
    options = _parser().parse_args(argv)
    if options.mode in ("trial", "verify-trial"):
        return _write_trial(options) if options.mode == "trial" else _verify_trial(options.out)
    if options.mode == "returns":
        return _write_returns(options)
    if options.mode == "nation":
        return _write_nation(options)
    facts = load_facts()
    if options.mode == "verify":
        return _verify(options.out, facts)
    if options.mode == "study-files":
        return _write_study_files(options, facts)
    if options.mode == "exact":
        _write_exact(options, facts)
    else:
        _write_stochastic(options, facts)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="csc synthetic", description=__doc__)
    parser.add_argument(
        "--mode",
        choices=MODES,
        required=True,
        help="exact: published figures; stochastic: known effects; study-files: staff survey, "
        "returns and codings beside the exact case list; verify: check a folder; trial: both "
        "deliveries of a family-randomised trial; verify-trial: check those; returns: the same "
        "children in any format that authorities return; nation: case lists of 152 authorities",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder of the delivery; trial, returns: of the authority; nation: of all",
    )
    parser.add_argument("--seed", type=int, help="another seed than the committed extract's")
    parser.add_argument(
        "--truth",
        type=Path,
        help="exact: folder for what the extract doesn't tell (families, boundaries)",
    )
    parser.add_argument(
        "--cases",
        type=Path,
        help="study-files: folder of the case list, by default the committed one",
    )
    parser.add_argument(
        "--n",
        type=int,
        help="number of cases; stochastic: by default as many as were eligible; nation: of all "
        "authorities together, by default 100000",
    )
    parser.add_argument(
        "--family-icc", type=float, default=0.0, help="stochastic: correlation within families, 0-1"
    )
    parser.add_argument(
        "--with-family-ids", action="store_true", help="stochastic: add a family_ref column"
    )
    parser.add_argument(
        "--no-effect", action="store_true", help="stochastic: the programme changes nothing"
    )
    parser.add_argument(
        "--la-code", help="stochastic, returns: code of the made-up authority, S00 to S99"
    )
    parser.add_argument("--la-name", help="stochastic, returns: its name")
    _add_returns(parser)
    return parser


def _add_returns(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--format",
        action="append",
        choices=("cin_census", "ssda903", "ssd", "annex_a", "records"),
        help="returns: a format to write, may be given several times",
    )
    parser.add_argument("--children", type=int, default=500, help="returns: how many")
    parser.add_argument(
        "--first-year", type=int, default=2020, help="returns: year in which the first one ends"
    )
    parser.add_argument(
        "--last-year", type=int, default=2024, help="returns: year in which the last one ends"
    )


def _write_exact(options: argparse.Namespace, facts: StudyFacts) -> None:
    from csc_outcomes.synthetic.boundaries import boundary_rows
    from csc_outcomes.synthetic.exact import generate_exact
    from csc_outcomes.synthetic.extract import write_delivery
    from csc_outcomes.synthetic.measured_study import measure_study

    say("making synthetic cases until every published figure comes back")
    made = generate_exact(facts, options.seed)
    write_delivery(made.cases, facts.extract, options.out)
    print(f"{len(made.cases)} synthetic cases in {options.out}; every published figure comes back.")
    if options.truth is not None:
        options.truth.mkdir(parents=True, exist_ok=True)
        boundaries = boundary_rows(measure_study(made.cases, facts))
        made.families.to_csv(options.truth / "truth_families.csv", index=False, lineterminator="\n")
        boundaries.to_csv(options.truth / "boundary_rows.csv", index=False, lineterminator="\n")


def _write_study_files(options: argparse.Namespace, facts: StudyFacts) -> int:
    import pandas as pd

    from csc_outcomes.project import ProjectNotFound, project_dir
    from csc_outcomes.synthetic.study_files import (
        load_study_file_facts,
        make_study_files,
        write_study_files,
    )

    try:
        project = project_dir()
    except ProjectNotFound as error:
        print(error, file=sys.stderr)
        return 2
    folder = options.cases or project / "extracts" / facts.extract.folder
    cases = pd.read_csv(folder / facts.extract.file_name, dtype=str, keep_default_na=False)
    wanted = load_study_file_facts()
    if options.seed is not None:
        wanted = replace(wanted, seed=options.seed)
    tables = make_study_files(cases, facts, wanted, project / "seeds")
    write_study_files(tables, facts.extract, options.out)
    rows = ", ".join(f"{len(table)} {holds}" for holds, table in tables.items())
    print(f"Synthetic rows in {options.out}: {rows}.")
    return 0


def _write_stochastic(options: argparse.Namespace, facts: StudyFacts) -> None:
    from csc_outcomes.synthetic.extract import with_families, write_delivery
    from csc_outcomes.synthetic.stochastic import (
        NO_EFFECT,
        PUBLISHED_EFFECTS,
        PUBLISHED_POPULATION,
        generate_stochastic,
    )

    population = PUBLISHED_POPULATION
    if options.no_effect:
        # Another spread of lengths would be an effect on who closes in time.
        population = replace(population, treated_length_sd=population.length.sd)
    samples = facts.samples
    eligible = samples["eligible_treated"].cases, samples["eligible_comparators"].cases
    n_cases = sum(eligible) if options.n is None else options.n
    n_treated = round(n_cases * eligible[0] / sum(eligible))
    cases = generate_stochastic(
        n_treated,
        n_cases - n_treated,
        facts.seed if options.seed is None else options.seed,
        facts,
        population=population,
        effects=NO_EFFECT if options.no_effect else PUBLISHED_EFFECTS,
        family_icc=options.family_icc,
        with_family_ids=options.with_family_ids,
    )
    extract = replace(
        facts.extract,
        la_code=options.la_code or "S90",
        la_name=options.la_name or "Synthetic Stochastic",
    )
    write_delivery(
        cases, with_families(extract) if options.with_family_ids else extract, options.out
    )
    print(f"{len(cases)} synthetic cases in {options.out}.")


def _write_returns(options: argparse.Namespace) -> int:
    from csc_outcomes.synthetic.returns.annex_a import OpenpyxlMissing
    from csc_outcomes.synthetic.returns.deliver import (
        SEED,
        Authority,
        returned_children,
        write_returns,
    )

    if not options.format or options.first_year > options.last_year:
        print(
            "returns need --format, and a --last-year that isn't before --first-year",
            file=sys.stderr,
        )
        return 2
    years = options.first_year, options.last_year
    seed = SEED if options.seed is None else options.seed
    authority = Authority(options.la_code or "S40", options.la_name or "Synthetic Returns")
    made = returned_children(options.children, *years, seed)
    children = tracked("writing returns", made, "children", options.children)
    try:
        places = write_returns(children, options.format, authority, *years, options.out)
    except OpenpyxlMissing as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.children} synthetic children in {', '.join(map(str, places))}.")
    return 0


def _write_nation(options: argparse.Namespace) -> int:
    from csc_outcomes.synthetic.nation_facts import load_nation
    from csc_outcomes.synthetic.nation_files import write_authority

    nation = load_nation()
    if options.seed is not None:
        nation = replace(nation, seed=options.seed)
    n_cases = 100_000 if options.n is None else options.n
    if n_cases < nation.n_authorities:
        print(f"a nation needs at least {nation.n_authorities} cases", file=sys.stderr)
        return 2
    for authority in tracked("writing case lists", nation.authorities(n_cases), "authorities"):
        write_authority(nation, authority, options.out)
    print(f"{n_cases} synthetic cases of {nation.n_authorities} authorities in {options.out}.")
    return 0


def _write_trial(options: argparse.Namespace) -> int:
    from csc_outcomes.synthetic.trial.deliver import make_trial
    from csc_outcomes.synthetic.trial.facts import load_trial_facts
    from csc_outcomes.synthetic.trial.layout import write_trial

    facts = load_trial_facts()
    say("making a synthetic trial until every published figure comes back")
    tables = make_trial(facts, options.seed)
    write_trial(tables, facts.extract, options.out)
    rows = ", ".join(f"{len(table)} {holds}" for holds, table in tables.items())
    print(f"Synthetic rows in {options.out}: {rows}; every published figure comes back.")
    return 0


def _verify_trial(folder: Path) -> int:
    from csc_outcomes.synthetic.trial.verify import verify_trial

    return _print_check(verify_trial(folder))


def _verify(folder: Path, facts: StudyFacts) -> int:
    from csc_outcomes.synthetic.verify import verify

    return _print_check(verify(folder / facts.extract.file_name, facts))


def _print_check(table: "pd.DataFrame") -> int:
    print(table.to_string(index=False))
    n_missed = int((~table["ok"]).sum())
    print(f"{len(table)} figures checked, {n_missed} missed.")
    return int(n_missed > 0)
