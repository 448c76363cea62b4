"""Does a trial's extract bring back what was printed? Worked out again from the files alone."""

from pathlib import Path

import pandas as pd

from csc_outcomes.synthetic.trial.facts import TrialFacts, load_trial_facts
from csc_outcomes.synthetic.trial.layout import read_trial
from csc_outcomes.synthetic.trial.measures import measure_all
from csc_outcomes.synthetic.trial.study_frame import boundary_counts, frame_trial
from csc_outcomes.synthetic.verify import judge

LEAST_ROWS = 2  # on every edge


def verify_trial(folder: Path, facts: TrialFacts | None = None) -> pd.DataFrame:
    """One row per figure and edge: quantity, target, got, tolerance, ok.

    `folder` holds both deliveries and objections.csv; nothing else is read. A tolerance of 0 asks
    for equality.
    """
    facts = facts or load_trial_facts()
    return check_trial(read_trial(folder, facts.extract), facts)


def check_trial(tables: dict[str, pd.DataFrame], facts: TrialFacts) -> pd.DataFrame:
    """The same for files in memory, all text under their own headers."""
    frame = frame_trial(tables, facts)
    got = measure_all(frame, facts)
    printed = [
        judge(name, target, got.get(name, "none"), slack)
        for name, (target, slack) in facts.printed.items()
    ]
    edges = [
        {
            "quantity": f"cases on an edge: {name}",
            "target": f">= {LEAST_ROWS}",
            "got": n,
            "tolerance": 0,
            "ok": n >= LEAST_ROWS,
        }
        for name, n in boundary_counts(frame, facts).items()
    ]
    return pd.DataFrame(printed + edges)
