"""Codings of the case notes of the index cases of each arm that the warehouse draws for it.

The framework and the way of coding are those of `risk_codings.py`; three factors are present at
referral in exactly as many cases as printed.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import add_months, iso_dates
from csc_outcomes.synthetic.risk_codings import (
    HEADERS,
    TIME_POINTS,
    CodedCase,
    RiskFacts,
    code_case,
)
from csc_outcomes.synthetic.risk_sample import draw_keys
from csc_outcomes.synthetic.trial.draws import spread
from csc_outcomes.synthetic.trial.facts import ARMS, TrialFacts


def risk_facts(facts: TrialFacts) -> RiskFacts:
    """What the codings are drawn from."""
    wanted = facts.risk
    return RiskFacts(
        seed=facts.seed,
        sample=wanted["coded"],
        months_between=wanted["months_between"],
        coders=wanted["coders"],
        applies_from_age=wanted["applies_from_age"],
        risk=wanted["present"]["risk"],
        protective=wanted["present"]["protective"],
        engagement=wanted["engagement"],
        levels=wanted["levels"],
        level_weights=wanted["level_weights"],
        fixed=wanted["fixed"],
        gains=wanted["gains"],
    )


def draw_codings(rng: np.random.Generator, cases: pd.DataFrame, facts: TrialFacts) -> pd.DataFrame:
    """The rows of risk_codings.csv: text under `HEADERS`, in the order of `case_ref`.

    Raises OutOfLuckError where a draw can't gain the points asked for.
    """
    wanted, risk = facts.risk, risk_facts(facts)
    rows = {arm: _drawn(cases, arm, facts) for arm in ARMS}
    coded = [(row, arm) for arm in ARMS for row in rows[arm]]
    marked = {
        factor: set(rng.choice(len(coded), n, replace=False).tolist())
        for factor, n in wanted["prevalence"].items()
    }
    gains = {arm: iter(rng.permutation(_gains(risk, arm))) for arm in ARMS}
    numbers = cases[["allocated", "age"]].to_numpy(np.int64)
    lines = []
    for place, (row, arm) in enumerate(coded):
        certain = {factor: [float(place in places)] * 2 for factor, places in marked.items()}
        own = replace(risk, risk={**risk.risk, **certain})
        allocated, age = numbers[row].tolist()
        entry = pd.Timestamp(allocated, unit="D")
        case = CodedCase(row, arm, age, entry)
        codes = code_case(rng, case, next(gains[arm]), own)
        days = _coding_days(rng, allocated, facts)
        coder = str(rng.choice(risk.coders))
        ids = (cases.at[row, "child_ref"], cases.at[row, "case_ref"])
        lines += [
            (*ids, time_point, factor, *values[i], coder, days[i])
            for i, time_point in enumerate(TIME_POINTS)
            for factor, values in codes.items()
        ]
    table = pd.DataFrame(lines, columns=list(HEADERS)).astype(str)
    return table.sort_values("case_ref", kind="stable", ignore_index=True)


def _drawn(cases: pd.DataFrame, arm: str, facts: TrialFacts) -> list[int]:
    """The arm's index cases that the warehouse draws (`fct_risk_sample`, arms by themselves);
    `cases` is labelled by the row of the file."""
    is_analysed = (cases["kind"] == "analysed") & cases["is_index"] & (cases["arm"] == arm)
    starts = cases.loc[is_analysed, "start"]
    dates = pd.Series(iso_dates(starts), index=starts.index)
    keys = pd.Series(draw_keys(dates, facts.risk["sample_seed"]), index=starts.index)
    return [int(row) for row in keys.sort_values().index[: facts.risk["coded"][arm]]]


def _gains(risk: RiskFacts, arm: str) -> np.ndarray:
    entries = risk.gains[arm]
    places = spread({place: entry["cases"] for place, entry in enumerate(entries)})
    return np.array([entries[int(place)]["gain"] for place in places])


def _coding_days(rng: np.random.Generator, allocated: int, facts: TrialFacts) -> tuple[str, str]:
    first = allocated + int(rng.integers(0, 15))
    due = int(add_months(first, facts.risk["months_between"])) + int(rng.integers(-14, 15))
    days = iso_dates([first, min(due, facts.days.end)])
    return str(days[0]), str(days[1])
