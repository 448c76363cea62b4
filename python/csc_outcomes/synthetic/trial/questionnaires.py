"""Strengths and Difficulties Questionnaires, item by item, with items left out.

Answers share a child's severity, so that scales correlate; every scale keeps the three answers that
a score needs (sdqinfo.org, "Scoring the Strengths & Difficulties Questionnaire for age 4-17").
"""

import numpy as np
import pandas as pd
from scipy.stats import norm

from csc_outcomes.synthetic.days import iso_dates
from csc_outcomes.synthetic.luck import choose
from csc_outcomes.synthetic.trial.draws import days_between
from csc_outcomes.synthetic.trial.facts import ARMS, TrialFacts
from csc_outcomes.synthetic.trial.families import ALLOCATED

HEADERS = ("child_ref", "wave", "form", "informant", "item", "score", "answered_on")
WAVES = {1: "wave_one", 2: "wave_two"}
SEVERITY = 0.4  # standard deviation of what a child's answers share, on the scale of an answer
NOISE = 0.62
LEAST_ANSWERS = 3


def draw_questionnaires(
    rng: np.random.Generator, cases: pd.DataFrame, facts: TrialFacts
) -> pd.DataFrame:
    """The rows of sdq_answers.csv: text under `HEADERS`. Raises OutOfLuckError where too few
    children are of the questionnaire's age."""
    wanted = facts.sdq
    of_age = cases["kind"].isin(ALLOCATED) & cases["age"].between(
        wanted["youngest"], wanted["oldest"]
    )
    rows: list[tuple[object, ...]] = []
    for place, arm in enumerate(reversed(ARMS)):
        pool = cases[of_age & (cases["arm"] == arm)].drop_duplicates("family")
        chosen = pool.loc[choose(rng, pool.index, wanted["forms"][arm], f"questionnaires, {arm}")]
        children = zip(chosen["child_ref"], chosen["age"], _severities(rng, chosen), strict=True)
        for number, (child_ref, age, severity) in enumerate(children):
            form = "early_years" if age <= wanted["early_years_to"] else "school_age"
            waves = (1, 2) if number < wanted["wave_two"][arm] else (1,)
            for wave in waves:
                day = str(iso_dates(days_between(rng, wanted["days"][WAVES[wave]], 1))[0])
                same = (child_ref, wave, form, wanted["informants"][arm])
                answers = _answers(rng, place, severity, facts)
                rows += [(*same, item, score, day) for item, score in answers]
    table = pd.DataFrame(rows, columns=list(HEADERS))
    return table.sort_values(["answered_on", "child_ref"], kind="stable").astype(str)


def _severities(rng: np.random.Generator, children: pd.DataFrame) -> list[float]:
    """One evenly spaced quantile of a normal distribution for each child, in any order."""
    n = len(children)
    quantiles = SEVERITY * norm.ppf((np.arange(n) + 0.5) / n)
    return [float(severity) for severity in rng.permutation(quantiles)]


def _answers(
    rng: np.random.Generator, place: int, severity: float, facts: TrialFacts
) -> list[tuple[int, int]]:
    """Items that were answered and their scores, in the order of the form."""
    answers: dict[int, int] = {}
    for scale, section in facts.sdq["scales"].items():
        shift = -severity if scale == "prosocial" else severity
        drawn = section["means"][place] + shift + rng.normal(0, NOISE, len(section["items"]))
        for item, score in zip(section["items"], np.clip(np.rint(drawn), 0, 2), strict=True):
            answers[item] = int(2 - score if item in facts.sdq["reversed"] else score)
    left_out = _left_out(rng, facts)
    return [(item, score) for item, score in sorted(answers.items()) if item not in left_out]


def _left_out(rng: np.random.Generator, facts: TrialFacts) -> set[int]:
    """Items without an answer; each scale keeps `LEAST_ANSWERS`."""
    left_out: set[int] = set()
    for section in facts.sdq["scales"].values():
        items = rng.permutation(section["items"])
        is_left = rng.random(len(items)) < facts.sdq["share_missing"]
        left_out |= set(items[is_left][: len(items) - LEAST_ANSWERS].tolist())
    return left_out
