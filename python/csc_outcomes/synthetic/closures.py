"""Steps 10-14: which cases stay open, which close, and when.

The order of the cases by length of observation is tilted by one number per arm until the regression
of the matched sample's lengths (censored normal) is as printed.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from csc_outcomes.estimators.censored_normal import fit_censored_normal
from csc_outcomes.estimators.result import NotEstimableError
from csc_outcomes.synthetic.days import NEVER, BoolArray, FloatArray, IntArray
from csc_outcomes.synthetic.facts import OutcomeAims, StudyDays, StudyFacts
from csc_outcomes.synthetic.links import SHORTEST_CASE_DAYS, Links, closing_window
from csc_outcomes.synthetic.luck import OutOfLuckError, pick_to_weight

OPEN, ESCALATED_LATER, CLOSED_WELL = "open", "closed_then_escalated", "closed_well"

SHORTEST_STAY_DAYS = 20  # from programme entry to closure
SHORT_WINDOW_DAYS = 20  # comparators with less room to close stay open
LATEST_ESCALATED_CLOSURE_DAYS = 5  # before the study's end, to leave room for the escalation
FRESH_STARTS = 3
SEARCH_STEPS, COARSE_STEPS = 400, 60
COARSE_STEP, FINE_STEP = 0.3, 0.03
LENGTH_PRECISION_WEEKS = 0.045  # so that both lengths round to what is printed


def set_closing_windows(
    treated: pd.DataFrame, comparators: pd.DataFrame, links: Links, days: StudyDays
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Step 10: first and last closing day of matched cases; NEVER as the last may stay open."""
    first, last = closing_window(comparators, links)
    last = np.minimum(last, comparators["must_close_by"].to_numpy())
    comparators = comparators.assign(
        first_close=first, last_close=np.where(last > days.end, NEVER, last)
    )
    return treated.assign(
        first_close=treated["entry"] + SHORTEST_STAY_DAYS, last_close=NEVER
    ), comparators


def close_matched_cases(
    rng: np.random.Generator, treated: pd.DataFrame, comparators: pd.DataFrame, facts: StudyFacts
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Steps 11-13 for the matched cases: adds `status`, and `close` of those that closed well."""
    for _ in range(FRESH_STARTS):
        arms = (
            _arm(rng, treated, facts.outcomes["treated"], facts.days),
            _arm(rng, comparators, facts.outcomes["comparator"], facts.days),
        )
        found = _LengthSearch(arms, facts, pick_seed=int(rng.integers(2**32))).run(rng)
        if found is not None:
            for_treated, for_comparators = found
            return treated.assign(**for_treated), comparators.assign(**for_comparators)
    raise OutOfLuckError("no tilt of the closures gives the printed lengths")


def close_escalated_cases(
    rng: np.random.Generator, treated: pd.DataFrame, comparators: pd.DataFrame, days: StudyDays
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Step 14: closures that an escalation follows.

    Boundary rows: one case of each arm closes on the study's last day, and two comparators on the
    day that a case they serve enters the programme.
    """
    halfway = (treated["entry"].to_numpy() + days.end) // 2
    treated = _close_between(rng, treated, halfway, np.full(len(treated), days.end - 15))
    treated = _close_on_last_day(treated, days)

    first = comparators["first_close"].to_numpy()
    last = np.minimum(comparators["last_close"].to_numpy(), first + 200)
    latest = days.end - LATEST_ESCALATED_CLOSURE_DAYS
    comparators = _close_between(rng, comparators, first, np.minimum(last, latest))
    comparators = _close_on_last_day(comparators, days)
    return treated, _close_on_entry_day(comparators)


def close_unmatched_treated(
    rng: np.random.Generator, treated: pd.DataFrame, days: StudyDays
) -> pd.DataFrame:
    """Step 14 for the treated cases without a match: long cases, well after entry."""
    n = len(treated)
    by_length = treated["start"] + np.floor(7 * rng.normal(74, 22.5, n)).astype(np.int64)
    by_stay = treated["entry"] + 150 + np.floor(rng.exponential(450, n)).astype(np.int64)
    close = np.maximum.reduce([treated["entry"] + SHORTEST_STAY_DAYS, by_length, by_stay])
    is_closed = close <= days.end
    return treated.assign(
        close=np.where(is_closed, close, NEVER), status=np.where(is_closed, CLOSED_WELL, OPEN)
    )


@dataclass(frozen=True)
class _Arm:
    """One arm's matched cases, with the random parts that the search leaves as they are."""

    aims: OutcomeAims
    weights: FloatArray
    start: IntArray
    first_close: IntArray
    last_close: IntArray
    may_stay_open: BoolArray
    may_escalate: BoolArray
    observed_days: FloatArray  # from plan start to the study's end, standardised
    noise: FloatArray
    position: FloatArray  # where in its closing window a case closes, 0-1


def _arm(rng: np.random.Generator, rows: pd.DataFrame, aims: OutcomeAims, days: StudyDays) -> _Arm:
    observed = (days.end - rows["start"]).to_numpy(float)
    first_close, last_close = rows["first_close"].to_numpy(), rows["last_close"].to_numpy()
    has_room = first_close <= days.end - LATEST_ESCALATED_CLOSURE_DAYS
    return _Arm(
        aims=aims,
        weights=rows["weight"].to_numpy(),
        start=rows["start"].to_numpy(),
        first_close=first_close,
        last_close=np.minimum(last_close, days.end),
        may_stay_open=last_close == NEVER,
        # A repeat child's escalation would belong to two cases at once; those children have none.
        may_escalate=has_room & ~rows["is_repeat"].to_numpy(),
        observed_days=(observed - observed.mean()) / observed.std(),
        noise=rng.normal(size=len(rows)),
        position=rng.random(len(rows)),
    )


class _LengthSearch:
    """Step 13: a random walk on the two tilts towards the printed latent mean and effect."""

    def __init__(self, arms: tuple[_Arm, _Arm], facts: StudyFacts, pick_seed: int) -> None:
        self.arms = arms
        self.study_end = facts.days.end
        self.pick_seed = pick_seed
        self.printed = np.array(
            [facts.latent_length_weeks["comparator"], facts.latent_length_weeks["effect"]]
        )
        start = np.concatenate([arm.start for arm in arms])
        is_treated = np.repeat([1.0, 0.0], [len(arm.start) for arm in arms])
        self.observed_weeks = (self.study_end - start) / 7
        self.design = np.column_stack([np.ones(len(start)), is_treated])
        self.weights = np.concatenate([arm.weights for arm in arms])

    def run(self, rng: np.random.Generator) -> list[dict[str, np.ndarray]] | None:
        """`status` and `close` of both arms at tilts that give the printed lengths, or None."""
        best, distance = np.zeros(2), np.inf
        for step in range(SEARCH_STEPS):
            is_coarse = step < COARSE_STEPS
            size = 0 if step == 0 else COARSE_STEP if is_coarse else FINE_STEP
            trial = best + rng.normal(0, size, 2)
            # The same stream of swaps while the walk is coarse, so that the lengths follow from the
            # tilts; near the goal other swaps are the smaller moves.
            swaps = [self.pick_seed, 0 if is_coarse else step]
            try:
                closed = [
                    self._close(arm, tilt, swaps)
                    for arm, tilt in zip(self.arms, trial, strict=True)
                ]
                gaps = self._latent_lengths(closed) - self.printed
            except (OutOfLuckError, NotEstimableError):
                continue
            if np.abs(gaps).max() < LENGTH_PRECISION_WEEKS:
                return closed
            # Rounded, so that the last bit of a machine's arithmetic can't turn the walk.
            trial_distance = round(float(gaps @ gaps), 6)
            if trial_distance < distance:
                best, distance = trial, trial_distance
        return None

    def _close(self, arm: _Arm, tilt: float, swaps: list[int]) -> dict[str, np.ndarray]:
        status = _assign_status(np.random.default_rng(swaps), arm, tilt, self.study_end)
        is_closed_well = status == CLOSED_WELL
        close = np.full(len(status), NEVER)
        close[is_closed_well] = (arm.start + _solve_lengths(arm, is_closed_well))[is_closed_well]
        return {"status": status, "close": close}

    def _latent_lengths(self, closed: list[dict[str, np.ndarray]]) -> FloatArray:
        close = np.concatenate([arm["close"] for arm in closed])
        is_censored = close == NEVER
        weeks = self.observed_weeks - np.where(is_censored, 0, self.study_end - close) / 7
        names = ("constant", "treated")
        fit = fit_censored_normal(
            weeks, is_censored.astype(np.int64), self.design, names, self.weights
        )
        return fit.coefficients.coef


def _assign_status(rng: np.random.Generator, arm: _Arm, tilt: float, study_end: int) -> np.ndarray:
    """Step 11: by a noisy score, open, then closed and escalated later, then closed well."""
    by_score = np.argsort(-(tilt * arm.observed_days + arm.noise), kind="stable")
    has_no_room = arm.may_stay_open & (study_end - arm.first_close < SHORT_WINDOW_DAYS)

    status = np.full(len(by_score), CLOSED_WELL, dtype=object)
    status[has_no_room] = OPEN
    may_open = _in_order(by_score, arm.may_stay_open & ~has_no_room)
    left_to_open = arm.aims.open - float(arm.weights[has_no_room].sum())
    status[pick_to_weight(rng, may_open, arm.weights, total=left_to_open)] = OPEN

    may_escalate = _in_order(by_score, (status == CLOSED_WELL) & arm.may_escalate)
    total = arm.aims.closed_then_escalated
    status[pick_to_weight(rng, may_escalate, arm.weights, total=total)] = ESCALATED_LATER
    return status


def _solve_lengths(arm: _Arm, is_closed_well: BoolArray) -> IntArray:
    """Step 12: lengths within the windows, bent by one exponent until their mean is as printed."""
    shortest, longest = arm.first_close - arm.start, arm.last_close - arm.start
    weights = arm.weights * is_closed_well

    def lengths(bend: float) -> IntArray:
        share = arm.position ** np.exp(bend)
        return shortest + np.rint(share * (longest - shortest)).astype(np.int64)

    def gap(bend: float) -> float:
        return float(np.average(lengths(bend), weights=weights)) - 7 * arm.aims.closed_weeks

    if gap(-4) < 0 or gap(4) > 0:
        raise OutOfLuckError("the closing windows can't hold the printed mean length")
    return lengths(brentq(gap, -4, 4, xtol=1e-9))


def _close_between(
    rng: np.random.Generator, rows: pd.DataFrame, first: IntArray, last: IntArray
) -> pd.DataFrame:
    """Uniform closures of the cases that escalate later."""
    close = rng.integers(first, np.maximum(first, last) + 1)
    is_escalated = rows["status"] == ESCALATED_LATER
    return rows.assign(close=np.where(is_escalated, close, rows["close"]))


def _close_on_last_day(rows: pd.DataFrame, days: StudyDays) -> pd.DataFrame:
    can = rows.index[(rows["status"] == ESCALATED_LATER) & (rows["last_close"] == NEVER)]
    rows.loc[can[:1], "close"] = days.end
    return rows


def _close_on_entry_day(rows: pd.DataFrame) -> pd.DataFrame:
    """A first closing day beyond that of the shortest case is the entry of a case served."""
    is_entry = rows["first_close"] > rows["start"] + SHORTEST_CASE_DAYS
    is_escalated = rows["status"] == ESCALATED_LATER
    can = rows.index[is_escalated & is_entry & (rows["last_close"] != NEVER)]
    rows.loc[can[:2], "close"] = rows.loc[can[:2], "first_close"]
    return rows


def _in_order(order: IntArray, is_in: BoolArray) -> IntArray:
    return order[is_in[order]]
