"""Curves over time that may be released: fewer, wider steps.

A curve that falls at every event shows on which day each single case ended. Here it is told only on
days by which enough further cases have ended, so that each step holds at least as many as the
smallest count that may be shown, and so does what comes after the last of them. The rule is that of
OpenSAFELY's Kaplan-Meier action (steps of rounded counts), with the days kept as they are.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from csc_outcomes.typed import NUMBER, TEXT, typed_table

SURVIVAL = "survival"
# The cause whose events the survival curve counts too, but for cases that had another end before.
OWN_CAUSE = "closure"
KEYS = ["study_id", "sample", "clock", "arm"]
COLUMNS = [*KEYS, "curve", "time_days", "n_at_risk", "n_event", "value", "ci_low", "ci_high"]
# More decimals of a share would tell the few cases that left between two steps. Where cases have
# weights, nobody can tell cases from weights.
DECIMALS, DECIMALS_OF_WEIGHTED = 2, 3
_EXACT = 1e-9


def release_curves(survival: pd.DataFrame, incidence: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Survival curves and cumulative incidences on the days on which they may be told.

    `survival`: study_id, sample, clock, arm, time_days, n_at_risk, n_event, survival, ci_low,
    ci_high; `incidence`: the same with cause and incidence; `smallest`: the smallest count that may
    be shown. Gives the keys, curve (`survival` or the cause), time_days, n_at_risk (after the day's
    events; null where leavers since the last one shown would be few), n_event (since the row
    before), and value, ci_low and ci_high (shares, to two decimals; to three where cases have
    weights). Where cases have weights, numbers are null and each day with an event counts as one
    event. Incidence is told only on days of the survival curve of the arm, and only on those by
    which no cause has a few events more: all are counted from the same cases, and each share tells
    of the events of the others. The first day of a curve is always told.
    """
    told = []
    curves: dict[Hashable, pd.DataFrame] = {}
    for key, curve in survival.groupby(KEYS, sort=True):
        curves[key] = curve = curve.sort_values("time_days")
        rows = _steps(curve, smallest)
        told.append(rows.assign(curve=SURVIVAL).rename(columns={"survival": "value"}))
    for key, causes in incidence.groupby(KEYS, sort=True):
        if key in curves:
            rows = _causes(causes.sort_values("time_days"), curves[key], smallest)
            told.append(rows.assign(curve=rows.cause).rename(columns={"incidence": "value"}))
    if not told:
        texts = dict.fromkeys([*KEYS, "curve"], TEXT)
        return typed_table([], {**dict.fromkeys(COLUMNS, NUMBER), **texts})
    table = pd.concat(told, ignore_index=True)
    for share in ["value", "ci_low", "ci_high"]:
        exact = table[share].astype(float)
        weighted = exact.round(DECIMALS_OF_WEIGHTED)
        table[share] = exact.round(DECIMALS).where(table.n_event.notna(), weighted)
    return table[COLUMNS]


def _steps(curve: pd.DataFrame, smallest: int) -> pd.DataFrame:
    at_risk = curve.n_at_risk.to_numpy(dtype=float)
    events = curve.n_event.to_numpy(dtype=float)
    counted = _are_counts(at_risk) and _are_counts(events)
    fewest = events if counted else (events > 0).astype(float)
    remaining = at_risk - events if counted else fewest.sum() - fewest.cumsum()
    kept = _kept(fewest, remaining >= smallest, smallest)
    rows = curve.iloc[kept].copy()
    since = np.diff(events.cumsum()[kept], prepend=0.0)
    rows["n_event"] = since if counted else np.nan
    rows["n_at_risk"] = _numbers_at_risk(at_risk, events, kept, smallest) if counted else np.nan
    return rows


def _causes(causes: pd.DataFrame, survival: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """The curves of all causes of an arm on those days of its survival curve that may be told."""
    days = _steps(survival, smallest).time_days.to_numpy()
    parts = [part for _, part in causes.groupby("cause", sort=True)]
    days = days[days >= max(part.time_days.min() for part in parts)]
    counted = _are_counts(causes.n_event.to_numpy(dtype=float))
    events = [_until(part, days, counted) for part in parts]
    if counted:
        days = days[_joint(_pairs(parts, events, survival, days), smallest)]
        events = [_until(part, days, counted) for part in parts]
    return pd.concat(
        [
            _on_days(part, days, until, counted, smallest)
            for part, until in zip(parts, events, strict=True)
        ]
    )


def _pairs(
    parts: list[pd.DataFrame], events: list[np.ndarray], survival: pd.DataFrame, days: np.ndarray
) -> list[np.ndarray]:
    """What the curves of an arm count by each day: events of each cause, and those of the survival
    curve that came after another end."""
    counts = list(events)
    for part, until in zip(parts, events, strict=True):
        if part.cause.iloc[0] == OWN_CAUSE:
            counts.append(_until(survival, days, True) - until)
    return counts


def _until(curve: pd.DataFrame, days: np.ndarray, counted: bool) -> np.ndarray:
    """Events by each day; where cases have weights, days with an event."""
    events = curve.n_event.to_numpy(dtype=float)
    fewest = events if counted else (events > 0).astype(float)
    places = np.searchsorted(curve.time_days.to_numpy(), days, side="right")
    return np.concatenate([[0.0], fewest.cumsum()])[places]


def _joint(counts: list[np.ndarray], smallest: int) -> list[int]:
    """Places of the days since the last of which no count grew by a few."""
    kept = []
    last = np.zeros(len(counts))
    for place, now in enumerate(np.array(counts).T):
        grown = np.abs(now - last)
        if ((grown < _EXACT) | (grown >= smallest)).all():
            kept.append(place)
            last = now
    return kept


def _on_days(
    curve: pd.DataFrame, days: np.ndarray, until: np.ndarray, counted: bool, smallest: int
) -> pd.DataFrame:
    """The cause's curve on those of the given days by which enough of its events have come."""
    if not len(days):
        return curve.iloc[:0]
    total = float(_until(curve, curve.time_days.to_numpy()[-1:], counted)[0])
    allowed = np.ones(len(days), dtype=bool)
    kept = _kept(np.diff(until, prepend=0.0), allowed, smallest, total)
    places = np.searchsorted(curve.time_days.to_numpy(), days[kept], side="right") - 1
    rows = curve.iloc[places].copy()
    rows["time_days"] = days[kept]
    rows["n_event"] = np.diff(until[kept], prepend=0.0) if counted else np.nan
    rows["n_at_risk"] = np.nan
    return rows


def _kept(
    events: np.ndarray, allowed: np.ndarray, smallest: int, total: float | None = None
) -> list[int]:
    """Places of the rows that are told: the first if nobody has had the event by then, then each by
    which enough have. After the last of them none or enough are left."""
    kept = [0] if events[0] == 0 else []
    since = 0.0
    steps = []
    for place, (number, may) in enumerate(zip(events, allowed, strict=True)):
        since += number
        if since >= smallest and may:
            steps.append(place)
            since = 0.0
    total = events.sum() if total is None else total
    while steps and 0 < total - events[: steps[-1] + 1].sum() < smallest:
        steps.pop()
    return kept + steps


def _numbers_at_risk(
    at_risk: np.ndarray, events: np.ndarray, kept: list[int], smallest: int
) -> np.ndarray:
    """Numbers at risk after the events of the days told, null where those who left otherwise since
    the last number would be a small count, and wherever cases come in late. Numbers before a day's
    events would tell how many of a step's events fell on its last day."""
    numbers = np.full(len(kept), np.nan)
    if (np.diff(at_risk) > _EXACT).any():
        return numbers
    after = at_risk - events
    last = None
    for row, place in enumerate(kept):
        if last is not None:
            left = after[last] - after[place] - events[last + 1 : place + 1].sum()
            if 0 < left < smallest:
                continue
        numbers[row], last = after[place], place
    return numbers


def _are_counts(values: np.ndarray) -> bool:
    return bool((np.abs(values - values.round()) < _EXACT).all())
