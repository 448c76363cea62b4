"""The trial that a synthetic extract imitates, read from the YAML beside this module."""

from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

import yaml

from csc_outcomes.synthetic.days import day_number
from csc_outcomes.synthetic.facts import Printed

FACTS_FILE = "trial.yml"
ARMS = ("treated", "comparator")
Section = dict[str, Any]


@dataclass(frozen=True)
class TrialExtract:
    """How the two deliveries are named."""

    la_code: str
    la_name: str
    programme_id: str
    as_of_date: date
    window_start: date
    cases_folder: str
    study_files_folder: str


@dataclass(frozen=True)
class TrialDays:
    """The trial's calendar in day numbers; bounds are inclusive."""

    start: int
    end: int
    last_referral: int
    last_allocation: int
    as_of: int


@dataclass(frozen=True)
class TrialFacts:
    """All that the generator aims at and the verifier checks; sections are as in the YAML file."""

    seed: int
    extract: TrialExtract
    days: TrialDays
    families: Section
    ages: list[Section]
    oldest_index: int
    shares: dict[str, float]
    ethnicity: dict[str, float]
    accommodation: dict[str, float]
    need: dict[str, float]
    earlier_support: Section
    outcomes: Section
    after_study: Section
    school: Section
    sdq: Section
    risk: Section
    staff_stress: Section
    workload: list[Section]
    interviews: Section
    printed: Printed


def load_trial_facts() -> TrialFacts:
    """The facts in the YAML file of this package."""
    text = files(__package__).joinpath(FACTS_FILE).read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    extract = TrialExtract(**content.pop("extract"))
    days = {name: day_number(day) for name, day in content.pop("days").items()}
    printed = {name: (figure, slack) for name, (figure, slack) in content.pop("printed").items()}
    return TrialFacts(
        extract=extract,
        days=TrialDays(**days, as_of=day_number(extract.as_of_date)),
        printed=printed,
        **content,
    )
