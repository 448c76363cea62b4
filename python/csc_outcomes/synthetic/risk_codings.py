"""Made-up codings of the case notes of the cases that the warehouse draws for it.

Every factor that applies to a case is coded at two points in time. The scores are assumed; how the
two arms compare is as the FACT22 report words it (`risk_marks.py`), and draws that don't get there
are thrown away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

from csc_outcomes.synthetic.days import IntArray
from csc_outcomes.synthetic.facts import StudyFacts
from csc_outcomes.synthetic.luck import OutOfLuckError
from csc_outcomes.synthetic.measured_study import Calendar, measure_study
from csc_outcomes.synthetic.risk_marks import missed_marks
from csc_outcomes.synthetic.risk_sample import draw_risk_sample

FACTS_FILE = "risk_codings.yml"
HEADERS = (
    "child_ref",
    "case_ref",
    "timepoint",
    "factor",
    "present",
    "engagement_level",
    "coder",
    "coded_on",
)
TIME_POINTS = ("referral", "latest")
ARMS = ("treated", "comparator")
CLASSES = ("risk", "protective")
MOST_SUB_SEEDS = 500
MOST_DRAWS = 1000


@dataclass(frozen=True)
class RiskFacts:
    """What the codings are drawn from, as in the YAML file of this package."""

    seed: int
    sample: dict[str, int]
    months_between: int
    coders: list[str]
    applies_from_age: dict[str, int]
    risk: dict[str, list[float]]
    protective: dict[str, list[float]]
    engagement: list[str]
    levels: dict[str, int]
    level_weights: dict[str, list[float]]
    fixed: list[str]
    gains: dict[str, list[dict[str, Any]]]

    @property
    def classes(self) -> dict[str, str]:
        """Class of each factor."""
        return {factor: kind for kind in (*CLASSES, "engagement") for factor in getattr(self, kind)}

    def applies(self, factor: str, completed_years: int) -> bool:
        """Whether a factor is coded for a child of that age at the plan's start."""
        return completed_years >= self.applies_from_age.get(factor.split("_")[0], 0)


@dataclass(frozen=True)
class CodedCase:
    """A case to code: its row in the extract, arm, child's age and the pair's day of entry."""

    row: int
    arm: str
    completed_years: int
    entry: pd.Timestamp


def load_risk_facts() -> RiskFacts:
    """The facts in the YAML file of this package."""
    text = files("csc_outcomes.synthetic").joinpath(FACTS_FILE).read_text(encoding="utf-8")
    return RiskFacts(**yaml.safe_load(text))


def risk_codings_rows(
    extract: pd.DataFrame, facts: StudyFacts, risk: RiskFacts | None = None
) -> pd.DataFrame:
    """The rows of risk_codings.csv for a case list: text under the headers of `HEADERS`.

    `extract` is the case list as text under its own headers, in file order. The same list and
    facts give the same rows. Raises OutOfLuckError where the draw of cases isn't as printed or no
    sub-seed reaches every mark, with the reason.
    """
    risk = risk or load_risk_facts()
    study = measure_study(extract, facts)
    drawn = draw_risk_sample(study, risk.sample["size"], risk.sample["seed"])
    pairs = drawn.dropna().astype(int)
    if len(drawn) - len(pairs) != risk.sample["unmatched"]:
        raise OutOfLuckError(
            f"{len(drawn) - len(pairs)} of {len(drawn)} cases drawn for coding have no match, "
            f"not {risk.sample['unmatched']}: choose another sample seed in {FACTS_FILE} and in "
            "the study's parameters"
        )
    coded = list(_coded_cases(study.cases, pairs))
    arms = {str(extract.at[case.row, "case_ref"]): case.arm for case in coded}
    reason = ""
    for sub_seed in range(MOST_SUB_SEEDS):
        rng = np.random.default_rng([risk.seed, sub_seed])
        rows = _attempt(rng, extract, coded, study.calendar, risk)
        missed = missed_marks(rows, arms, risk.classes, risk.levels)
        if not missed:
            return rows
        reason = ", ".join(missed)
    raise OutOfLuckError(f"No sub-seed of {MOST_SUB_SEEDS} gave codings as printed: {reason}")


def _coded_cases(cases: pd.DataFrame, pairs: pd.DataFrame) -> Iterator[CodedCase]:
    """The cases of each pair; both are coded from the day the treated case entered."""
    entries = cases["programme_start_date"].to_list()
    years = cases["completed_years"].to_list()
    for pair in pairs[["row_treated", "row_comparator"]].to_numpy().tolist():
        for arm, row in zip(ARMS, pair, strict=True):
            yield CodedCase(row, arm, years[row], entries[pair[0]])


def _attempt(
    rng: np.random.Generator,
    extract: pd.DataFrame,
    coded: list[CodedCase],
    calendar: Calendar,
    risk: RiskFacts,
) -> pd.DataFrame:
    gains = {arm: iter(rng.permutation(_gains(risk, arm))) for arm in ARMS}
    rows = []
    for case in coded:
        codes = code_case(rng, case, next(gains[case.arm]), risk)
        days = _coding_days(rng, case.entry, calendar, risk)
        coder = str(rng.choice(risk.coders))
        ids = (extract.at[case.row, "child_ref"], extract.at[case.row, "case_ref"])
        rows += [
            (*ids, time_point, factor, *values[i], coder, days[i])
            for i, time_point in enumerate(TIME_POINTS)
            for factor, values in codes.items()
        ]
    # By case, so that the order of the file doesn't tell the arms.
    return pd.DataFrame(rows, columns=list(HEADERS)).sort_values(
        "case_ref", kind="stable", ignore_index=True
    )


def _gains(risk: RiskFacts, arm: str) -> IntArray:
    return np.array([entry["gain"] for entry in risk.gains[arm] for _ in range(entry["cases"])])


def code_case(
    rng: np.random.Generator, case: CodedCase, gain: IntArray, risk: RiskFacts
) -> dict[str, list[tuple[str, str]]]:
    """Per factor that applies: present and engagement level at referral and at the latest."""
    position = ARMS.index(case.arm)
    codes: dict[str, list[tuple[str, str]]] = {}
    for kind, points in zip(CLASSES, gain[:2], strict=True):
        shares = {
            factor: both[position]
            for factor, both in getattr(risk, kind).items()
            if risk.applies(factor, case.completed_years)
        }
        for factor, states in _code_class(rng, kind, shares, int(points), risk.fixed).items():
            codes[factor] = [(str(int(state)), "") for state in states]
    for rating in risk.engagement:
        if risk.applies(rating, case.completed_years):
            levels = _rate(rng, risk.level_weights[case.arm], int(gain[2]), risk.levels)
            codes[rating] = [("", level) for level in levels]
    return codes


def _code_class(
    rng: np.random.Generator, kind: str, shares: dict[str, float], points: int, fixed: list[str]
) -> dict[str, tuple[bool, bool]]:
    """Presence at both points in time, so that as many points are gained as asked for."""
    factors = np.array(list(shares))
    can_change = ~np.isin(factors, fixed)
    leaves = (kind == "risk") == (points > 0)  # a point is gained by losing a risk
    for _ in range(MOST_DRAWS):
        before = rng.random(len(factors)) < np.array(list(shares.values()))
        pool = np.flatnonzero(can_change & (before == leaves))
        if len(pool) >= abs(points):
            after = before.copy()
            after[rng.choice(pool, abs(points), replace=False)] ^= True
            return {
                str(factor): (bool(first), bool(last))
                for factor, first, last in zip(factors, before, after, strict=True)
            }
    raise OutOfLuckError(f"no draw of {kind} factors can gain {points} points")


def _rate(
    rng: np.random.Generator, weights: list[float], points: int, levels: dict[str, int]
) -> tuple[str, str]:
    """Engagement at both points in time, `points` apart."""
    by_points = {value: level for level, value in levels.items()}
    starts = {
        level: weight
        for (level, value), weight in zip(levels.items(), weights, strict=True)
        if value + points in by_points
    }
    chances = np.array(list(starts.values()))
    level = str(rng.choice(list(starts), p=chances / chances.sum()))
    return level, by_points[levels[level] + points]


def _coding_days(
    rng: np.random.Generator, entry: pd.Timestamp, calendar: Calendar, risk: RiskFacts
) -> tuple[str, str]:
    first = entry + pd.Timedelta(days=int(rng.integers(0, 7)))
    due = entry + pd.DateOffset(months=risk.months_between)
    last = min(due + pd.Timedelta(days=int(rng.integers(-7, 8))), calendar.end)
    return first.strftime("%Y-%m-%d"), last.strftime("%Y-%m-%d")
