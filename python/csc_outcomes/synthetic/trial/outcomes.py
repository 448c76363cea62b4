"""What became of the index cases whose outcome is known, so that the printed figures come back.

Which cases close is drawn within arm and earlier support until the linear models give the printed
effects; when they close is drawn and moved by days until the mean weeks open are as printed and the
curves of the two arms cross.
"""

import numpy as np
import pandas as pd

from csc_outcomes.synthetic.days import NEVER, FloatArray, IntArray, day_number
from csc_outcomes.synthetic.luck import OutOfLuckError, nudge_to_total
from csc_outcomes.synthetic.trial.curves import (
    comparators_are_faster,
    fewer_treated_open_at_the_end,
    open_shares,
)
from csc_outcomes.synthetic.trial.draws import within
from csc_outcomes.synthetic.trial.facts import ARMS, TrialFacts

MOST_DRAWS = 20_000
MOST_LENGTHS = 50
REREFERRED_AFTER = (20, 120)  # days from closure, within the study
CLOSED_BEFORE_REREFERRAL = (60, 190)  # days from referral
CLOSED, REREFERRED, OPEN = "closed", "rereferred", "open"


def draw_outcomes(
    rng: np.random.Generator, index_cases: pd.DataFrame, facts: TrialFacts
) -> pd.DataFrame:
    """`close`, `rereferral` and `cp` in day numbers for each row of `index_cases`, which has
    `treated`, `female`, `age`, `disability`, `history`, `recoded` and `allocated`.

    Raises OutOfLuckError where no draw fits.
    """
    fate = _fates(rng, index_cases, facts)
    length = _crossing_lengths(rng, index_cases, fate, facts)
    recoded = index_cases["recoded"].to_numpy()
    close = np.where(fate == OPEN, NEVER, recoded + length)
    gap = within(rng, REREFERRED_AFTER, len(close))
    rereferral = np.where(fate == REREFERRED, np.minimum(close + gap, facts.days.end), NEVER)
    cp = _escalations(rng, index_cases, fate, facts)
    made = pd.DataFrame({"close": close, "rereferral": rereferral, "cp": cp})
    return after_study(rng, made.set_axis(index_cases.index), facts)


def _fates(rng: np.random.Generator, cases: pd.DataFrame, facts: TrialFacts) -> np.ndarray:
    """closed, rereferred or open, by the quotas and with the printed effects."""
    low, high = facts.outcomes["effect"]
    low_total, high_total = facts.outcomes["effect_with_earlier_support"]
    effect, total = _effect_weights(cases)
    for _ in range(MOST_DRAWS):
        fate = _draw_fates(rng, cases, facts)
        closed = (fate == CLOSED).astype(float)
        if low <= effect @ closed <= high and low_total <= total @ closed <= high_total:
            return fate
    raise OutOfLuckError("no draw of closures has the effects")


def _effect_weights(cases: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Weights of the outcome in the effect of treatment, and in that with earlier support."""
    ages = pd.get_dummies(cases["age"], drop_first=True)
    plain = np.column_stack(
        [np.ones(len(cases)), cases[["treated", "history", "female", "disability"]], ages]
    ).astype(float)
    interaction = plain[:, 1] * plain[:, 2]
    effect = np.linalg.pinv(plain)[1]
    both = np.linalg.pinv(np.column_stack([plain, interaction]))
    return effect, both[1] + both[-1]


def _draw_fates(rng: np.random.Generator, cases: pd.DataFrame, facts: TrialFacts) -> np.ndarray:
    fate = np.full(len(cases), OPEN, dtype=object)
    for arm in ARMS:
        quota = facts.outcomes[arm]
        for place, has_history in enumerate((True, False)):
            is_cell = (cases["treated"] == (arm == "treated")) & (cases["history"] == has_history)
            rows = rng.permutation(np.flatnonzero(is_cell))
            n_closed, n_again = quota[CLOSED][place], quota[REREFERRED][place]
            fate[rows[:n_closed]] = CLOSED
            fate[rows[n_closed : n_closed + n_again]] = REREFERRED
    return fate


def _crossing_lengths(
    rng: np.random.Generator, cases: pd.DataFrame, fate: np.ndarray, facts: TrialFacts
) -> IntArray:
    """Lengths under which the curves of the arms cross as printed."""
    closed = pd.Series(fate == CLOSED, index=cases.index)
    until_end = facts.days.end - cases["recoded"]
    for _ in range(MOST_LENGTHS):
        length = _lengths(rng, cases, fate, facts)
        open_days = until_end.where(~closed, length)
        shares = open_shares(open_days, closed, cases["arm"])
        if comparators_are_faster(shares) and fewer_treated_open_at_the_end(shares):
            return length
    raise OutOfLuckError("no draw of lengths lets the curves cross")


def _lengths(
    rng: np.random.Generator, cases: pd.DataFrame, fate: np.ndarray, facts: TrialFacts
) -> IntArray:
    """Days from the recoded referral to closure; those of closed cases add up to the printed weeks
    open."""
    n, wanted = len(cases), facts.outcomes
    most = facts.days.end - cases["recoded"].to_numpy()
    length = np.minimum(within(rng, CLOSED_BEFORE_REREFERRAL, n), most - REREFERRED_AFTER[0])
    for arm in ARMS:
        in_arm = (cases["treated"] == (arm == "treated")).to_numpy()
        is_closed = in_arm & (fate == CLOSED)
        drawn = np.rint(rng.normal(wanted[arm]["mean_length"], wanted[arm]["spread"], n))
        is_possible = (drawn >= wanted["shortest_length"]) & (drawn < most)
        anywhere = rng.integers(wanted["shortest_length"], most)
        drawn = np.where(is_possible, drawn, anywhere).astype(np.int64)
        open_days = int(most[in_arm & ~is_closed].sum())
        moved = nudge_to_total(
            rng,
            drawn,
            np.ones(n) * is_closed,
            total=wanted["total_days_open"][arm] - open_days,
            tolerance=0,
            max_step=5,
            may_move=is_closed,
            is_allowed=lambda row, days: wanted["shortest_length"] <= days < most[row],
            max_moves=20_000,
        )
        length = np.where(is_closed, moved, length)
    return length


def _escalations(
    rng: np.random.Generator, cases: pd.DataFrame, fate: np.ndarray, facts: TrialFacts
) -> IntArray:
    """First child protection plans of open treated cases: so many in the study, and in a window."""
    wanted = facts.outcomes["escalated"]
    first, last = (day_number(day) for day in wanted["window"])
    allocated = cases["allocated"].to_numpy()
    can = cases["treated"].to_numpy(bool) & (fate == OPEN)
    cp = np.full(len(cases), NEVER)
    early = np.flatnonzero(can & (allocated < last - 30))
    if len(early) < wanted["in_window"] or can.sum() < wanted["in_study"]:
        raise OutOfLuckError("too few open cases that could escalate")
    early = rng.permutation(early)[: wanted["in_window"]]
    rest = rng.permutation(np.setdiff1d(np.flatnonzero(can), early))
    rest = rest[: wanted["in_study"] - wanted["in_window"]]
    cp[early] = rng.integers(np.maximum(first, allocated[early] + 14), last + 1)
    cp[rest] = rng.integers(np.maximum(last + 1, allocated[rest] + 14), facts.days.end + 1)
    return cp


def after_study(rng: np.random.Generator, cases: pd.DataFrame, facts: TrialFacts) -> pd.DataFrame:
    """The cases with closures and re-referrals between the study's end and the extract's day."""
    wanted, days, n = facts.after_study, facts.days, len(cases)
    late = days.end + within(rng, wanted["days_to_close"], n)
    closes = (cases["close"] == NEVER) & (rng.random(n) < wanted["share_of_open_that_close"])
    close = np.where(closes, late, cases["close"])
    again = close + within(rng, wanted["days_to_rereferral"], n)
    again = np.where(again <= days.end, days.end + rng.integers(1, 400, n), again)
    returns = (
        (close != NEVER)
        & (cases["rereferral"] == NEVER).to_numpy()
        & (again <= days.as_of)
        & (rng.random(n) < wanted["share_rereferred"])
    )
    return cases.assign(close=close, rereferral=np.where(returns, again, cases["rereferral"]))
