"""Made-up answers to the HSE Management Standards Indicator Tool, from which printed means return.

Answers are places from 1 (never, strongly disagree) to 5 (always, strongly agree); the means are of
scores turned so that high is stress.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import BoolArray, day_number, iso_dates
from csc_outcomes.synthetic.luck import nudge_to_total

LOWEST, HIGHEST = 1, 5
HEADERS = ("respondent_ref", "organisation", "role", "item", "score", "surveyed_on")


@dataclass(frozen=True)
class StaffGroup:
    """Respondents of one role; `total` is the sum of all their items in the direction of stress."""

    organisation: str
    role: str
    respondents: int
    total: int


@dataclass(frozen=True)
class SurveyFacts:
    """When the survey ran and who answered it."""

    first_day: date
    last_day: date
    groups: tuple[StaffGroup, ...]

    @classmethod
    def read(cls, content: dict[str, Any]) -> "SurveyFacts":
        """From the section of the YAML file."""
        groups = tuple(StaffGroup(**group) for group in content["groups"])
        return cls(content["first_day"], content["last_day"], groups)


def staff_survey_rows(
    rng: np.random.Generator, survey: SurveyFacts, is_reversed: Sequence[bool]
) -> pd.DataFrame:
    """One row per respondent and item, text under `HEADERS`, respondents in an order that says
    nothing.

    `is_reversed` says of each item, in order, whether agreeing with it is a good sign. Raises
    OutOfLuckError where no set of whole answers gives a group's total.
    """
    turned = np.asarray(is_reversed, dtype=bool)
    people = [group for group in survey.groups for _ in range(group.respondents)]
    scores = np.concatenate([_stress_scores(rng, group, len(turned)) for group in survey.groups])
    days = rng.integers(day_number(survey.first_day), day_number(survey.last_day) + 1, len(people))
    answers, dates = _as_answered(scores, turned), iso_dates(days)
    forms = [
        _form(f"R{number:02d}", people[row], answers[row], str(dates[row]))
        for number, row in enumerate(rng.permutation(len(people)), start=1)
    ]
    return pd.concat(forms, ignore_index=True).astype(str)


def _stress_scores(rng: np.random.Generator, group: StaffGroup, n_items: int) -> np.ndarray:
    """Scores in the direction of stress, one row per respondent, that add up to the total."""
    n = group.respondents * n_items
    drawn = np.clip(np.rint(rng.normal(group.total / n, 0.9, n)), LOWEST, HIGHEST).astype(np.int64)
    scores = nudge_to_total(
        rng,
        drawn,
        np.ones(n),
        total=group.total,
        tolerance=0,
        max_step=1,
        may_move=np.ones(n, dtype=bool),
        is_allowed=lambda _, score: LOWEST <= score <= HIGHEST,
    )
    return scores.reshape(group.respondents, n_items)


def _as_answered(scores: np.ndarray, is_reversed: BoolArray) -> np.ndarray:
    return np.where(is_reversed, LOWEST + HIGHEST - scores, scores)


def _form(reference: str, group: StaffGroup, answers: np.ndarray, day: str) -> pd.DataFrame:
    items = range(1, len(answers) + 1)
    values = (reference, group.organisation, group.role, items, answers, day)
    return pd.DataFrame(dict(zip(HEADERS, values, strict=True)))
