"""Steps 15 and 17: the referral that opened each case, and the re-referrals that came after."""

from datetime import date

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.closures import OPEN
from csc_outcomes.synthetic.days import (
    NEVER,
    BoolArray,
    FloatArray,
    IntArray,
    add_months,
    day_number,
)
from csc_outcomes.synthetic.facts import StudyDays, StudyFacts
from csc_outcomes.synthetic.luck import OutOfLuckError, choose, pick_to_weight

DAYS_TO_PLAN = (3, 50)
SHORTEST_PEACE_DAYS = 5  # from closure to a re-referral
UNMATCHED_REREFERRED_SHARE = 0.22
LEAP_DAY = day_number(date(2016, 2, 29))


def set_original_referrals(
    rng: np.random.Generator, cases: pd.DataFrame, days: StudyDays
) -> pd.DataFrame:
    """Step 15: some weeks before the plan, not before birth or the child's earlier closure."""
    first, last = DAYS_TO_PLAN
    referral = (cases["start"] - rng.integers(first, last + 1, len(cases))).to_numpy()
    is_late = (cases["is_matched"] & cases["is_late"]).to_numpy()
    referral = np.where(is_late, np.maximum(referral, days.full_year_left + 1), referral)
    referral = np.maximum(referral, (cases["start"] - cases["age_days"]).to_numpy())
    earlier = np.flatnonzero(cases["next_case"] >= 0)
    later = cases["next_case"].to_numpy()[earlier]
    referral[later] = np.maximum(referral[later], cases["close"].to_numpy()[earlier] + 1)
    cases = cases.assign(referral=referral, rereferral=NEVER, second_rereferral=NEVER)
    return put_on_leap_day(rng, cases)


def put_on_leap_day(rng: np.random.Generator, cases: pd.DataFrame) -> pd.DataFrame:
    """Boundary rows: two cases referred on 29 February, referred again on either reading of the
    anniversary.

    Both anniversaries lie before the study start, so they decide a printed figure only where re-
    referrals before that start are counted.
    """
    to_plan = cases["start"] - LEAP_DAY
    is_candidate = to_plan.between(*DAYS_TO_PLAN) & is_free(cases) & ~cases["is_matched"]
    is_candidate &= ~cases["treated"] & (cases["age_days"] > to_plan)
    chosen = choose(rng, cases.index[is_candidate], 2, "a referral on 29 February")
    anniversary = int(add_months(LEAP_DAY, 12))
    cases.loc[chosen, "referral"] = LEAP_DAY
    cases.loc[chosen, "rereferral"] = [anniversary, anniversary + 1]
    cases.loc[chosen, "is_settled"] = True
    return cases


def set_rereferrals(
    rng: np.random.Generator, cases: pd.DataFrame, facts: StudyFacts
) -> pd.DataFrame:
    """Step 17: closed cases are referred again, so many within the year, so many later."""
    days = facts.days
    cases = refer_before_study(rng, cases, days)
    cases = _refer_repeat_children(cases)
    for arm, is_treated in (("treated", True), ("comparator", False)):
        is_arm = (cases["is_matched"] & (cases["treated"] == is_treated)).to_numpy()
        aims = facts.outcomes[arm]
        cases = _refer_within_year(rng, cases, is_arm, aims.rereferred_12m, days)
        cases = _refer_later(rng, cases, is_arm, aims.rereferred_any, days)
    cases = _refer_unmatched(rng, cases, days)
    is_earlier = cases["next_case"] >= 0
    later = cases.loc[is_earlier, "next_case"]
    cases.loc[is_earlier, "second_rereferral"] = cases.loc[later, "rereferral"].to_numpy()
    return cases


def refer_before_study(
    rng: np.random.Generator, cases: pd.DataFrame, days: StudyDays
) -> pd.DataFrame:
    """Boundary rows: open matched cases, referred again within the year but before the study."""
    anniversary = add_months(cases["referral"], 12)
    first = np.maximum(cases["referral"] + 30, cases["start"] + 5)
    last = np.minimum(days.start - 1, anniversary)
    is_candidate = (
        cases["is_matched"] & is_free(cases) & (cases["status"] == OPEN) & (first <= last)
    )
    for is_treated, n in ((True, 1), (False, 2)):
        candidates = cases.index[is_candidate & (cases["treated"] == is_treated)]
        chosen = choose(rng, candidates, n, "a re-referral before the study start")
        cases.loc[chosen, "rereferral"] = rng.integers(first[chosen], last[chosen] + 1)
        cases.loc[chosen, "is_settled"] = True
    return cases


def is_free(cases: pd.DataFrame) -> pd.Series:
    """Rows whose outcomes nobody has set on purpose, of children with one case."""
    return ~(cases["is_settled"] | cases["is_repeat"])


def _refer_repeat_children(cases: pd.DataFrame) -> pd.DataFrame:
    """The referral of a child's later case is a re-referral of the earlier one."""
    is_earlier = cases["next_case"] >= 0
    later = cases.loc[is_earlier, "next_case"]
    cases.loc[is_earlier, "rereferral"] = cases.loc[later, "referral"].to_numpy()
    return cases


def _refer_within_year(
    rng: np.random.Generator, cases: pd.DataFrame, is_arm: BoolArray, total: float, days: StudyDays
) -> pd.DataFrame:
    """So much weight by the anniversary of the original referral, two cases on that very day."""
    anniversary = add_months(cases["referral"], 12)
    weights = cases["weight"].to_numpy()
    first = _first_day_again(cases, days)
    last = np.minimum(anniversary, days.end)
    is_already = is_arm & (cases["rereferral"] >= days.start) & (cases["rereferral"] <= last)
    picked = _pick(rng, cases, is_arm, first, last, total - float(weights[is_already].sum()))
    cases.loc[picked, "rereferral"] = rng.integers(first[picked], last[picked] + 1)
    on_the_day = picked[anniversary[picked] <= days.end][:2]
    if len(picked) and len(on_the_day) < 2:
        raise OutOfLuckError("fewer than two re-referrals can fall on the anniversary")
    cases.loc[on_the_day, "rereferral"] = anniversary[on_the_day]
    return cases


def _refer_later(
    rng: np.random.Generator, cases: pd.DataFrame, is_arm: BoolArray, total: float, days: StudyDays
) -> pd.DataFrame:
    """The rest, after the anniversary, until all re-referrals in the study have their weight."""
    weights = cases["weight"].to_numpy()
    first = np.maximum(_first_day_again(cases, days), add_months(cases["referral"], 12) + 1)
    last = np.full(len(cases), days.end)
    is_already = is_arm & cases["rereferral"].between(days.start, days.end).to_numpy()
    picked = _pick(rng, cases, is_arm, first, last, total - float(weights[is_already].sum()))
    cases.loc[picked, "rereferral"] = rng.integers(first[picked], last[picked] + 1)
    return cases


def _refer_unmatched(
    rng: np.random.Generator, cases: pd.DataFrame, days: StudyDays
) -> pd.DataFrame:
    first, last = _first_day_again(cases, days), np.full(len(cases), days.end)
    is_candidate = _may_be_referred(cases, ~cases["is_matched"].to_numpy(), first, last)
    picked = np.flatnonzero(is_candidate & (rng.random(len(cases)) < UNMATCHED_REREFERRED_SHARE))
    cases.loc[picked, "rereferral"] = rng.integers(first[picked], last[picked] + 1)
    return cases


def _pick(
    rng: np.random.Generator,
    cases: pd.DataFrame,
    is_arm: BoolArray,
    first: IntArray,
    last: IntArray,
    total: float,
) -> IntArray:
    candidates = rng.permutation(np.flatnonzero(_may_be_referred(cases, is_arm, first, last)))
    weights: FloatArray = cases["weight"].to_numpy()
    return pick_to_weight(rng, candidates, weights, total=total)


def _may_be_referred(
    cases: pd.DataFrame, is_arm: BoolArray, first: IntArray, last: IntArray
) -> BoolArray:
    is_new = (cases["rereferral"] == NEVER) & ~cases["is_settled"] & (cases["status"] != OPEN)
    return np.asarray(is_arm & is_new & (first <= last))


def _first_day_again(cases: pd.DataFrame, days: StudyDays) -> IntArray:
    return np.maximum(days.start, cases["close"].to_numpy() + SHORTEST_PEACE_DAYS)
