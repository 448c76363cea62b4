"""Steps 16, 18 and 19: escalations to child protection (CP) and to care (LAC)."""

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.closures import CLOSED_WELL, ESCALATED_LATER, OPEN
from csc_outcomes.synthetic.days import NEVER, BoolArray, IntArray
from csc_outcomes.synthetic.facts import OutcomeAims, StudyDays, StudyFacts
from csc_outcomes.synthetic.luck import choose, pick_to_weight
from csc_outcomes.synthetic.referrals import is_free

LONGEST_RELAPSE_DAYS = 150  # from closure to the escalation after it
# Boundary rows, treated and not: escalated on the closing day
SAME_DAY_CLOSURES = {True: 1, False: 2}
CLOSED_WELL_SHARE = 0.02  # closed cases that escalated before they closed
CASE_OLD_ENOUGH_DAYS = 40  # at the study start, to have had escalations before it
UNMATCHED_LAC_SHARE = 0.1
# P(escalated after closure), P(escalated otherwise) of cases that aren't matched
UNMATCHED_SHARES = {True: (0.25, 0.09), False: (0.13, 0.07)}


def set_matched_escalations(
    rng: np.random.Generator, cases: pd.DataFrame, facts: StudyFacts
) -> pd.DataFrame:
    """Step 16 for both arms of the matched sample, and the boundary rows around the study's end."""
    cases = cases.assign(cp=NEVER, lac=NEVER, is_after=False, is_undated=False)
    for arm, is_treated in (("treated", True), ("comparator", False)):
        is_arm = (cases["is_matched"] & (cases["treated"] == is_treated)).to_numpy()
        cases = _escalate_arm(rng, cases, is_arm, is_treated, facts.outcomes[arm], facts.days)
    return place_after_study_end(rng, cases, facts.days)


def place_after_study_end(
    rng: np.random.Generator, cases: pd.DataFrame, days: StudyDays
) -> pd.DataFrame:
    """Boundary rows: open cases that escalate or close after the study's end, too late to count."""
    is_treated, is_matched = cases["treated"], cases["is_matched"]
    wanted = [
        ("cp", is_treated & is_matched, 1),
        ("cp", ~is_treated & is_matched, 1),
        ("cp", ~is_matched & ~is_treated, 2),
        ("close", is_treated & is_matched, 1),
        ("close", ~is_treated & is_matched, 1),
    ]
    is_open = (cases["status"] == OPEN) & (cases["close"] == NEVER)
    is_quiet = (cases["cp"] == NEVER) & (cases["lac"] == NEVER)
    for column, is_sample, n in wanted:
        candidates = cases.index[is_sample & is_open & is_quiet & is_free(cases)]
        chosen = choose(rng, candidates, n, "a date after the study's end")
        cases.loc[chosen, column] = rng.integers(days.end + 1, days.as_of + 1, n)
        cases.loc[chosen, "is_settled"] = True
    return cases


def set_undated_escalations(
    rng: np.random.Generator, cases: pd.DataFrame, facts: StudyFacts
) -> pd.DataFrame:
    """Step 18: two CP escalations counted, one dated before the study; the other is assumed so."""
    days = facts.days
    is_old_enough = cases["start"] < days.start - CASE_OLD_ENOUGH_DAYS
    is_candidate = is_old_enough & is_free(cases) & (cases["cp"] == NEVER) & (cases["lac"] == NEVER)
    wanted = [
        (cases["treated"] & cases["is_matched"], facts.outcomes["treated"].undated_rows),
        (~cases["treated"] & cases["is_matched"], facts.outcomes["comparator"].undated_rows),
        (~cases["treated"] & ~cases["is_matched"], facts.undated_unmatched_rows),
    ]
    for is_sample, n in wanted:
        chosen = choose(rng, cases.index[is_candidate & is_sample], n, "undated escalations")
        cases.loc[chosen, "cp"] = rng.integers(cases.loc[chosen, "start"] + 1, days.start)
        cases.loc[chosen, ["is_undated", "is_settled"]] = True
    return cases


def set_unmatched_escalations(
    rng: np.random.Generator, cases: pd.DataFrame, days: StudyDays
) -> pd.DataFrame:
    """Step 19, first half: outcomes of the cases that aren't matched, by chance."""
    for is_treated, (share_after, share_other) in UNMATCHED_SHARES.items():
        is_sample = ~cases["is_matched"] & (cases["treated"] == is_treated) & is_free(cases)
        draw = rng.random(len(cases))
        is_closed = cases["status"] == CLOSED_WELL
        cases = escalate_after_closure(
            rng, cases, np.flatnonzero(is_sample & is_closed & (draw < share_after)), days
        )
        cases = escalate_during(
            rng, cases, np.flatnonzero(is_sample & ~is_closed & (draw < share_other)), days
        )
    is_escalated = ~cases["is_matched"] & ~cases["is_settled"] & (cases["cp"] != NEVER)
    to_care = np.flatnonzero(is_escalated & (rng.random(len(cases)) < UNMATCHED_LAC_SHARE))
    return _take_into_care(cases, to_care, days)


def escalate(
    rng: np.random.Generator, cases: pd.DataFrame, row: int, days: StudyDays
) -> pd.DataFrame:
    """Give one case an escalation that fits what it is: after its closure, or while it is open."""
    rows = np.array([row])
    is_closed = cases.loc[row, "status"] == CLOSED_WELL
    return (escalate_after_closure if is_closed else escalate_during)(rng, cases, rows, days)


def clear_escalation(cases: pd.DataFrame, row: int) -> pd.DataFrame:
    """Take one case's escalation back."""
    cases.loc[row, ["cp", "lac"]] = NEVER
    cases.loc[row, "is_after"] = False
    if cases.loc[row, "status"] == ESCALATED_LATER:
        cases.loc[row, "status"] = CLOSED_WELL
    return cases


def escalate_after_closure(
    rng: np.random.Generator, cases: pd.DataFrame, rows: IntArray, days: StudyDays
) -> pd.DataFrame:
    """A CP plan from the closing day on, within the study."""
    close = cases.loc[rows, "close"].to_numpy()
    latest = np.minimum(close + LONGEST_RELAPSE_DAYS, days.end)
    cases.loc[rows, "cp"] = rng.integers(close, latest + 1)
    cases.loc[rows, "is_after"] = True
    cases.loc[rows, "status"] = ESCALATED_LATER
    return cases


def escalate_during(
    rng: np.random.Generator, cases: pd.DataFrame, rows: IntArray, days: StudyDays
) -> pd.DataFrame:
    """A CP plan inside the study while the case is open."""
    first, latest = _open_in_study(cases.loc[rows], days)
    cases.loc[rows, "cp"] = rng.integers(first, latest + 1)
    return cases


def _escalate_arm(
    rng: np.random.Generator,
    cases: pd.DataFrame,
    is_arm: BoolArray,
    is_treated: bool,
    aims: OutcomeAims,
    days: StudyDays,
) -> pd.DataFrame:
    weights = cases["weight"].to_numpy()
    status = cases["status"].to_numpy()
    after = np.flatnonzero(is_arm & (status == ESCALATED_LATER))
    cases = escalate_after_closure(rng, cases, after, days)
    on_closing_day = after[cases.loc[after, "close"] < days.end][: SAME_DAY_CLOSURES[is_treated]]
    cases.loc[on_closing_day, "cp"] = cases.loc[on_closing_day, "close"]

    first, latest = _open_in_study(cases, days)
    may_escalate = is_arm & ~cases["is_repeat"].to_numpy() & (first <= latest)
    closed_well = rng.permutation(np.flatnonzero(may_escalate & (status == CLOSED_WELL)))
    still_open = rng.permutation(np.flatnonzero(may_escalate & (status == OPEN)))
    # Some that closed well, so that an escalation before closure is seen not to count against it;
    # then open ones.
    order = np.concatenate([closed_well[: int(CLOSED_WELL_SHARE * len(closed_well))], still_open])
    others = pick_to_weight(rng, order, weights, total=aims.escalated - float(weights[after].sum()))
    cases = escalate_during(rng, cases, others, days)

    escalated = rng.permutation(np.concatenate([after, others]))
    to_care = pick_to_weight(
        rng, escalated, weights, total=aims.escalated_lac, n_rows=aims.lac_rows
    )
    return _take_into_care(cases, to_care, days)


def _open_in_study(cases: pd.DataFrame, days: StudyDays) -> tuple[IntArray, IntArray]:
    """First and last day in the study between each case's start and closure."""
    first = np.maximum(days.start, cases["start"].to_numpy() + 1)
    return first, np.minimum(cases["close"].to_numpy() - 1, days.end)


def _take_into_care(cases: pd.DataFrame, rows: IntArray, days: StudyDays) -> pd.DataFrame:
    """Every other one directly, the rest some weeks after the CP plan."""
    for position, row in enumerate(rows):
        cp, close = int(cases.loc[row, "cp"]), int(cases.loc[row, "close"])
        latest = days.end if cases.loc[row, "is_after"] else min(days.end, close - 1)
        cases.loc[row, "lac"] = cp if position % 2 else min(cp + 21, latest)
        if position % 2:
            cases.loc[row, "cp"] = NEVER
    return cases
