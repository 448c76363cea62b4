"""The study that a synthetic extract imitates, read from the YAML beside this module."""

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import yaml

from csc_outcomes.synthetic.days import add_months, day_number

FACTS_FILE = "published_study.yml"
Printed = dict[str, tuple[str | float, float]]  # measure: (printed figure, tolerance)


@dataclass(frozen=True)
class ExtractFacts:
    """How the delivery is named and laid out."""

    la_code: str
    la_name: str
    folder: str
    file_name: str
    programme_id: str
    as_of_date: date
    window_start: date
    columns: dict[str, str]


@dataclass(frozen=True)
class StudyDays:
    """The study's calendar in day numbers; bounds are inclusive."""

    start: int
    end: int
    earliest_plan_start: int
    latest_plan_start: int
    balance_origin: int
    as_of: int
    window_start: int
    caliper_months: int

    @property
    def full_year_left(self) -> int:
        """Last referral day that leaves twelve months to be observed."""
        return int(add_months(self.end, -12))


@dataclass(frozen=True)
class Sample:
    """A column of the balance table: how many cases, and what their covariates add up to."""

    cases: int
    white_british: int
    british: int
    female: int
    years: float
    age: float
    siblings: float
    referrals: float

    @property
    def quota(self) -> dict[str, int]:
        """The plain counts: `n` and each of the three binaries."""
        binaries = {"white_british": self.white_british, "british": self.british}
        return {"n": self.cases, **binaries, "female": self.female}


@dataclass(frozen=True)
class OutcomeAims:
    """One arm's outcomes as weight out of all matched treated cases; `_rows` are plain counts."""

    open: float
    closed_then_escalated: float
    escalated: float
    escalated_lac: float
    lac_rows: int
    rereferred_12m: float
    rereferred_any: float
    late_rows: int
    undated_rows: int
    closed_weeks: float


@dataclass(frozen=True)
class StudyFacts:
    """All that the generator aims at and the verifier checks."""

    seed: int
    extract: ExtractFacts
    days: StudyDays
    samples: dict[str, Sample]
    ineligible: dict[str, int]
    outcomes: dict[str, OutcomeAims]
    latent_length_weeks: dict[str, float]
    undated_unmatched_rows: int
    case_weeks_in_service: int
    wards: dict[str, int]
    printed: Printed


def load_facts() -> StudyFacts:
    """The facts in the YAML file of this package."""
    text = files("csc_outcomes.synthetic").joinpath(FACTS_FILE).read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    extract = ExtractFacts(**content.pop("extract"))
    return StudyFacts(
        extract=extract,
        days=_study_days(content.pop("study"), extract),
        samples={name: Sample(**values) for name, values in content.pop("samples").items()},
        outcomes={arm: OutcomeAims(**values) for arm, values in content.pop("outcomes").items()},
        printed={
            name: (figure, tolerance)
            for name, (figure, tolerance) in content.pop("printed").items()
        },
        **content,
    )


def _study_days(study: dict[str, Any], extract: ExtractFacts) -> StudyDays:
    numbers = {name: day_number(value) for name, value in study.items() if isinstance(value, date)}
    return StudyDays(
        **numbers,
        as_of=day_number(extract.as_of_date),
        window_start=day_number(extract.window_start),
        caliper_months=study["caliper_months"],
    )
