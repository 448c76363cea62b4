"""What was counted and asked of staff: stress, visits and cases held, and who was interviewed."""

from typing import Any

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import iso_dates
from csc_outcomes.synthetic.luck import nudge_to_total
from csc_outcomes.synthetic.trial.draws import days_between, spread
from csc_outcomes.synthetic.trial.facts import TrialFacts

STRESS_HEADERS = ("respondent_ref", "organisation", "role", "surveyed_on", "score", "main_factor")
COUNT_HEADERS = ("respondent_ref", "organisation", "measure", "counted_on", "count")
INTERVIEW_HEADERS = (
    "participant_ref",
    "participant_type",
    "organisation",
    "interviewed_on",
    "case_number",
    "case_outcome",
    "topic",
)
PREFIXES = {"programme": "P", "authority": "A"}


def draw_stress(rng: np.random.Generator, facts: TrialFacts) -> pd.DataFrame:
    """The rows of staff_stress.csv: one score and one main factor a respondent."""
    wanted = facts.staff_stress
    low, high = wanted["scale"]
    rows = []
    for group in wanted["groups"]:
        for main_factor in spread(group["factors"]):
            drawn = np.clip(np.rint(rng.normal(group["mean"], group["spread"])), low, high)
            rows.append(
                (group["organisation"], group["role"], wanted["day"], int(drawn), main_factor)
            )
    shuffled = [rows[row] for row in rng.permutation(len(rows))]
    numbered = [(f"R{number:02d}", *row) for number, row in enumerate(shuffled, 1)]
    return pd.DataFrame(numbered, columns=list(STRESS_HEADERS)).astype(str)


def draw_workload(rng: np.random.Generator, facts: TrialFacts) -> pd.DataFrame:
    """The rows of workload_counts.csv: whole counts that add up to each total."""
    rows = []
    for group in facts.workload:
        counts = _counts(rng, group)
        prefix = PREFIXES[group["organisation"]]
        rows += [
            (f"{prefix}{n:02d}", group["organisation"], group["measure"], group["day"], int(count))
            for n, count in enumerate(counts, 1)
        ]
    return pd.DataFrame(rows, columns=list(COUNT_HEADERS)).astype(str)


def _counts(rng: np.random.Generator, group: dict[str, Any]) -> np.ndarray:
    low, high = group["range"]
    n = group["respondents"]
    return nudge_to_total(
        rng,
        rng.integers(low, high + 1, n),
        np.ones(n),
        total=group["total"],
        tolerance=0,
        max_step=1,
        may_move=np.ones(n, dtype=bool),
        is_allowed=lambda _, count: low <= count <= high,
    )


def draw_interviews(rng: np.random.Generator, facts: TrialFacts) -> pd.DataFrame:
    """The rows of interviews.csv: who was interviewed when, of which case and on what."""
    wanted = facts.interviews
    people: list[tuple[str, str, str, str, str, str]] = []  # type ... waves
    for case in wanted["cases"]:
        same = (case["organisation"], str(case["case"]), case["outcome"], "experience")
        people += [("family_and_child", *same, waves) for waves in case["family"]]
        people.append((wanted["staff"][case["organisation"]], *same, case["staff"]))
    for other in wanted["others"]:
        same = (other["organisation"], "", "", "delivery")
        people += [(other["type"], *same, "second")] * other["participants"]
    rows = []
    for number, place in enumerate(rng.permutation(len(people)), 1):
        kind, organisation, case_number, outcome, topic, waves = people[place]
        for wave in wanted["waves"] if waves == "both" else (waves,):
            day = str(iso_dates(days_between(rng, wanted["waves"][wave], 1))[0])
            rows.append((f"I{number:02d}", kind, organisation, day, case_number, outcome, topic))
    table = pd.DataFrame(rows, columns=list(INTERVIEW_HEADERS)).astype(str)
    return table.sort_values(["interviewed_on", "participant_ref"], ignore_index=True)
