"""Reference tables computed in R, as the frames the estimators take."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

ORACLE = Path(__file__).parents[1] / "fixtures" / "oracle"
WEIGHT = "calendar6m_from_treated.inclusive"
MATCHING_COVARIATES = [
    "years_since_start",
    "age_at_cin_start",
    "n_siblings_u18",
    "n_prev_referrals",
    "female",
    "white_british",
    "british",
]


@cache
def answers(dataset: str) -> dict[str, Any]:
    """The JSON of one reference table."""
    loaded: dict[str, Any] = json.loads((ORACLE / f"{dataset}.json").read_text())
    return loaded


@cache
def _cases(dataset: str) -> pd.DataFrame:
    raw = pd.read_csv(ORACLE / f"{dataset}.csv")
    derived = pd.read_csv(ORACLE / f"{dataset}_derived.csv")
    weights = pd.read_csv(ORACLE / f"{dataset}_weights.csv", usecols=["case_id", WEIGHT])
    cases = raw.merge(derived, on="case_id", validate="1:1")
    cases = cases.merge(weights.rename(columns={WEIGHT: "weight"}), on="case_id", validate="1:1")
    return cases.assign(family_id=None)


def eligible_cases(dataset: str) -> pd.DataFrame:
    """All eligible cases with their weight, 0 where unmatched."""
    cases = _cases(dataset)
    return cases[cases["eligible"].astype(bool)].reset_index(drop=True)


def outcome_frame(dataset: str, outcome: str) -> pd.DataFrame:
    """Eligible cases with one outcome as value; 'length_days' carries its censoring."""
    cases = eligible_cases(dataset)
    is_length = outcome == "length_days"
    censored = 1 - cases["closed_no_esc"] if is_length else None
    return cases.assign(value=cases[outcome], is_censored=censored)
