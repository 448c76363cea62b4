"""Step 20: service end, the rows that aren't eligible, and what rows have besides."""

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from csc_outcomes.synthetic.closures import CLOSED_WELL, OPEN
from csc_outcomes.synthetic.covariates import draw_age_days, negative_binomial
from csc_outcomes.synthetic.days import NEVER, BoolArray, IntArray
from csc_outcomes.synthetic.facts import StudyDays, StudyFacts
from csc_outcomes.synthetic.luck import OutOfLuckError

NEEDS = ("N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "N9")
NEED_SHARES = {
    True: (0.58, 0.02, 0.05, 0.12, 0.18, 0.02, 0.01, 0.02, 0.00),
    False: (0.53, 0.09, 0.04, 0.10, 0.15, 0.04, 0.01, 0.03, 0.01),
}
OTHER_ETHNICITIES = ("WOTH", "MWBC", "MWAS", "MOTH", "AIND", "APKN", "AOTH", "BCRB", "BAFR", "OOTH")
OTHER_NATIONALITIES = ("Polish", "Romanian", "Indian", "Nigerian", "Slovak", "Ghanaian")
INELIGIBLE_ESCALATED_SHARE = 0.1
INELIGIBLE_REREFERRED_SHARE = 0.2


def set_service_end(
    rng: np.random.Generator, cases: pd.DataFrame, facts: StudyFacts
) -> pd.DataFrame:
    """Treated cases leave the programme after a common share of the time they could have had in it.

    The share, then single days, make the weeks in service of the eligible cases add up to the
    printed total.
    """
    entry = cases["entry"].to_numpy()
    is_treated = cases["treated"].to_numpy()
    longest = np.where(is_treated, np.minimum(cases["close"], facts.days.end) - entry, 0)
    total = 7 * facts.case_weeks_in_service

    def stay(share: float) -> IntArray:
        return np.floor(share * longest).astype(np.int64)

    if longest.sum() < total:
        raise OutOfLuckError("the cases close too early for the weeks in service")
    days_in = stay(brentq(lambda share: float(stay(share).sum()) - total, 0, 1.01, xtol=1e-12))
    missing = total - int(days_in.sum())
    may_change = np.flatnonzero((days_in > 0) & (days_in < longest))
    days_in[rng.choice(may_change, abs(missing), replace=False)] += np.sign(missing)
    return cases.assign(service_end=np.where(is_treated, entry + days_in, NEVER))


def draw_ineligible(rng: np.random.Generator, facts: StudyFacts) -> pd.DataFrame:
    """Rows that exactly one eligibility rule leaves out, two of them by a single day."""
    draws = {
        "joined_before_opening": _joined_before_opening,
        "closed_before_study": _closed_before_study,
        "opened_before_window": _opened_before_window,
        "opened_after_window": _opened_after_window,
    }
    groups = [draws[reason](rng, n, facts.days) for reason, n in facts.ineligible.items()]
    rows = pd.concat(groups, ignore_index=True)
    n = len(rows)
    british = rng.random(n) < 0.88
    rows = rows.assign(
        close=np.where(rows["close"] > facts.days.as_of, NEVER, rows["close"]),
        age_days=draw_age_days(rng, n),
        siblings=negative_binomial(rng, 1.8, 2.2, n),
        referrals=negative_binomial(rng, 2.2, 1.8, n),
        female=rng.random(n) < 0.47,
        white_british=british & (rng.random(n) < 0.7),
        british=british,
    )
    return _ineligible_outcomes(rng, rows, facts.days)


def describe_rows(rng: np.random.Generator, cases: pd.DataFrame, facts: StudyFacts) -> pd.DataFrame:
    """Ids, wards, need codes, ethnicities and nationalities; rows in an order that says nothing."""
    n = len(cases)
    _, child = np.unique(cases["child"], return_inverse=True)
    n_children = int(child.max()) + 1
    ethnicity = rng.choice(OTHER_ETHNICITIES, n_children)[child]
    nationality = rng.choice(OTHER_NATIONALITIES, n_children)[child]
    cases = cases.assign(
        child_ref=_references(rng, "CH", n_children)[child],
        case_ref=_references(rng, "CS", n),
        ethnicity=np.where(cases["white_british"], "WBRI", ethnicity),
        nationality=np.where(cases["british"], "British", nationality),
        need=_needs(rng, cases["treated"].to_numpy()),
    )
    cases = cases.assign(ward=_wards(rng, cases, child, facts.wards))
    return cases.iloc[rng.permutation(n)].reset_index(drop=True)


def _needs(rng: np.random.Generator, treated: BoolArray) -> np.ndarray:
    """Shuffled in fixed shares of each arm; what rounding leaves goes to abuse or neglect (N1)."""
    needs = np.full(len(treated), NEEDS[0], dtype=object)
    for is_treated, shares in NEED_SHARES.items():
        rows = rng.permutation(np.flatnonzero(treated == is_treated))
        drawn = np.repeat(NEEDS, np.floor(len(rows) * np.array(shares)).astype(int))
        needs[rows[: len(drawn)]] = drawn
    return needs


def _wards(
    rng: np.random.Generator, cases: pd.DataFrame, child: IntArray, counts: dict[str, int]
) -> np.ndarray:
    """The first treated children to enter live where the report says, others in like shares."""
    names, sizes = list(counts), np.array(list(counts.values()))
    wards = rng.choice(names, child.max() + 1, p=sizes / sizes.sum())[child]
    first_in = cases[cases["treated"]].sort_values(["entry", "case_ref"]).index[: sizes.sum()]
    wards[first_in] = rng.permutation(np.repeat(names, sizes))
    return wards


def _references(rng: np.random.Generator, prefix: str, n: int) -> np.ndarray:
    return np.array([f"{prefix}{number:05d}" for number in 10_001 + rng.permutation(n)])


def _joined_before_opening(rng: np.random.Generator, n: int, days: StudyDays) -> pd.DataFrame:
    """Treated, but the plan opened after the entry; for two, on the very day."""
    wait = np.where(np.arange(n) < 2, 0, rng.integers(1, 61, n))
    entry = rng.integers(days.start + 1, days.latest_plan_start - 60, n)
    start = entry + wait
    close = start + 180 + rng.exponential(200, n).astype(np.int64)
    stay = (0.7 * (np.minimum(close, days.end) - entry)).astype(np.int64)
    return pd.DataFrame(
        {
            "treated": True,
            "start": start,
            "entry": entry,
            "close": close,
            "service_end": entry + stay,
        }
    )


def _closed_before_study(rng: np.random.Generator, n: int, days: StudyDays) -> pd.DataFrame:
    """Closed within the extract's window; two the day before the study started."""
    close = np.where(
        np.arange(n) < 2, days.start - 1, rng.integers(days.window_start, days.start, n)
    )
    start = close - 30 - rng.exponential(250, n).astype(np.int64)
    return _comparator_dates(np.maximum(start, days.earliest_plan_start), close)


def _opened_before_window(rng: np.random.Generator, n: int, days: StudyDays) -> pd.DataFrame:
    """Still open in the study; two opened a day too early."""
    early = np.where(np.arange(n) < 2, 0, rng.exponential(300, n).astype(np.int64))
    close = days.start + rng.exponential(300, n).astype(np.int64)
    return _comparator_dates(days.earliest_plan_start - 1 - early, close)


def _opened_after_window(rng: np.random.Generator, n: int, days: StudyDays) -> pd.DataFrame:
    """Too late to be treated cases' contemporaries; two by a day."""
    late = np.where(np.arange(n) < 2, 1, rng.integers(1, days.end - days.latest_plan_start - 10, n))
    start = days.latest_plan_start + late
    return _comparator_dates(start, start + 14 + rng.exponential(150, n).astype(np.int64))


def _comparator_dates(start: IntArray, close: IntArray) -> pd.DataFrame:
    return pd.DataFrame(
        {"treated": False, "start": start, "entry": NEVER, "close": close, "service_end": NEVER}
    )


def _ineligible_outcomes(
    rng: np.random.Generator, rows: pd.DataFrame, days: StudyDays
) -> pd.DataFrame:
    """Something of everything, so that leaving these rows in would show in every outcome."""
    n = len(rows)
    start, close = rows["start"].to_numpy(), rows["close"].to_numpy()
    last_open = np.minimum(close - 1, days.end)
    is_escalated = (rng.random(n) < INELIGIBLE_ESCALATED_SHARE) & (start < last_open)
    again = close + rng.integers(5, 300, n)
    is_referred = (rng.random(n) < INELIGIBLE_REREFERRED_SHARE) & (again <= days.end)
    return rows.assign(
        referral=np.maximum(start - rng.integers(3, 51, n), start - rows["age_days"]),
        cp=np.where(is_escalated, rng.integers(start, np.maximum(start, last_open) + 1), NEVER),
        lac=NEVER,
        is_after=False,
        is_undated=False,
        rereferral=np.where(is_referred, again, NEVER),
        second_rereferral=NEVER,
        status=np.where(close <= days.end, CLOSED_WELL, OPEN),
    )
