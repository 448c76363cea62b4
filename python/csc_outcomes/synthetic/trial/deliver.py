"""Both deliveries of the trial, made step by step; each step is drawn until it fits."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from csc_outcomes.progress import tracked
from csc_outcomes.synthetic.luck import OutOfLuckError
from csc_outcomes.synthetic.trial import measures
from csc_outcomes.synthetic.trial.cases import case_list_rows, draw_cases, references
from csc_outcomes.synthetic.trial.codings import draw_codings
from csc_outcomes.synthetic.trial.draws import spread
from csc_outcomes.synthetic.trial.facts import TrialFacts
from csc_outcomes.synthetic.trial.families import (
    draw_children,
    draw_families,
    with_earlier_cases_where_they_fit,
)
from csc_outcomes.synthetic.trial.layout import ARM_CODES, STUDY_FILE_COLUMNS
from csc_outcomes.synthetic.trial.questionnaires import draw_questionnaires
from csc_outcomes.synthetic.trial.school import draw_absences, draw_pupils, objections
from csc_outcomes.synthetic.trial.staff import draw_interviews, draw_stress, draw_workload
from csc_outcomes.synthetic.trial.study_frame import TrialFrame, frame_trial, with_files
from csc_outcomes.synthetic.trial.verify import check_trial

Tables = dict[str, pd.DataFrame]
Draw = Callable[[np.random.Generator], Tables]
Framed = Callable[[Tables], TrialFrame]
Measure = Callable[[TrialFrame], measures.Measures]
MOST_SUB_SEEDS = 400
STEPS = ("cases", "school", "questionnaires", "codings", "staff")


def make_trial(facts: TrialFacts, seed: int | None = None) -> Tables:
    """The rows of every file by what it holds, text under the files' own headers.

    The same facts and seed give the same rows. Raises OutOfLuckError where no sub-seed of a step
    brings back its figures, with those missed last.
    """
    seed = facts.seed if seed is None else seed
    drawn, tables = _cases(facts, seed)

    def school(rng: np.random.Generator) -> Tables:
        pupils = draw_pupils(rng, drawn, facts)
        return {
            "school_absences": draw_absences(rng, pupils, facts),
            "objections": objections(rng, pupils),
        }

    steps: dict[str, tuple[Draw, Measure]] = {
        "school": (school, lambda frame: measures.absences(frame, facts)),
        "questionnaires": (
            lambda rng: {"sdq_answers": draw_questionnaires(rng, drawn, facts)},
            lambda frame: measures.questionnaires(frame, facts),
        ),
        "codings": (
            lambda rng: {"risk_codings": draw_codings(rng, drawn, facts)},
            lambda frame: measures.codings(frame, facts),
        ),
        "staff": (
            lambda rng: {
                "staff_stress": draw_stress(rng, facts),
                "workload_counts": draw_workload(rng, facts),
                "interviews": draw_interviews(rng, facts),
            },
            lambda frame: {**measures.staff(frame), **measures.interviews(frame)},
        ),
    }
    frame = frame_trial(tables, facts)
    for name in tracked("making the trial's files", steps, "steps"):
        draw, measure = steps[name]
        made = _drawn_until_it_fits(
            name, draw, measure, lambda made: with_files(frame, made), facts, seed
        )
        tables = {**tables, **made}
    missed = check_trial(tables, facts).query("not ok")["quantity"]
    if len(missed):
        raise OutOfLuckError(f"missed: {', '.join(missed)}")
    return tables


def _cases(facts: TrialFacts, seed: int) -> tuple[pd.DataFrame, Tables]:
    """The cases in day numbers under the files' references, and the files made of them alone."""
    made: list[pd.DataFrame] = []

    def draw(rng: np.random.Generator) -> Tables:
        families = draw_families(rng, facts)
        children = draw_children(rng, families, facts)
        families = with_earlier_cases_where_they_fit(families, children)
        drawn = references(rng, draw_cases(rng, families, children, facts))
        made.append(drawn)
        return {"cases": case_list_rows(drawn), "allocations": _allocations(rng, drawn, facts)}

    def measure(frame: TrialFrame) -> measures.Measures:
        return {
            **measures.sample(frame),
            **measures.closures(frame),
            **measures.earlier_support(frame),
            **measures.lengths(frame),
            **measures.escalations(frame, facts),
        }

    def framed(tables: Tables) -> TrialFrame:
        return frame_trial({**_nothing(), **tables}, facts)

    tables = _drawn_until_it_fits("cases", draw, measure, framed, facts, seed)
    return made[-1], {**_nothing(), **tables}


def _drawn_until_it_fits(
    name: str, draw: Draw, measure: Measure, framed: Framed, facts: TrialFacts, seed: int
) -> Tables:
    """The first draw whose measures are all as printed."""
    reason = ""
    for sub_seed in range(MOST_SUB_SEEDS):
        rng = np.random.default_rng([seed, STEPS.index(name), sub_seed])
        try:
            made = draw(rng)
        except OutOfLuckError as error:
            reason = str(error)
            continue
        got = measure(framed(made))
        missed = [figure for figure, value in got.items() if not _is_met(figure, value, facts)]
        if not missed:
            return made
        reason = ", ".join(missed)
    raise OutOfLuckError(f"No sub-seed of {MOST_SUB_SEEDS} gave the {name}: {reason}")


def _is_met(name: str, value: str | float, facts: TrialFacts) -> bool:
    if name not in facts.printed:
        return True
    target, slack = facts.printed[name]
    if isinstance(target, str) or isinstance(value, str):
        return str(target) == str(value)
    return abs(value - target) <= slack


def _nothing() -> Tables:
    """Every file without a row, so that what is there can be measured."""
    empty = {
        holds: pd.DataFrame(columns=list(columns.values()), dtype=str)
        for holds, columns in STUDY_FILE_COLUMNS.items()
    }
    return {**empty, "objections": pd.DataFrame(columns=["child_id", "objects_to"], dtype=str)}


def _allocations(rng: np.random.Generator, cases: pd.DataFrame, facts: TrialFacts) -> pd.DataFrame:
    """The rows of allocations.csv: every child of the families that were recommended."""
    refused = set(spread(facts.families["not_allocated"]))
    is_allocated = cases["kind"].isin(["analysed", "incomplete"])
    listed = cases[is_allocated | cases["kind"].isin(refused)]
    listed = listed.sample(frac=1, random_state=rng)
    got = listed["kind"].isin(["analysed", "incomplete"])
    dates = pd.to_datetime(listed["allocated"], unit="D").dt.strftime("%Y-%m-%d")
    frame = pd.DataFrame(
        {
            "child_ref": listed["child_ref"],
            "case_ref": listed["case_ref"],
            "family_ref": listed["family_ref"],
            "arm": listed["arm"].map(ARM_CODES).where(got, ""),
            "status": listed["kind"].where(~got, "allocated"),
            "randomised_on": dates.where(got, ""),
        }
    )
    return frame.astype(str).reset_index(drop=True)
