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

SURVIVAL = "survival"
KEYS = ["study_id", "sample", "clock", "arm"]
COLUMNS = [*KEYS, "curve", "time_days", "n_at_risk", "n_event", "value", "ci_low", "ci_high"]
# What more decimals of a share would add are the single cases of which it is made.
DECIMALS = 3
_EXACT = 1e-9


def release_curves(survival: pd.DataFrame, incidence: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Survival curves and cumulative incidences on the days on which they may be told.

    `survival`: study_id, sample, clock, arm, time_days, n_at_risk, n_event, survival, ci_low,
    ci_high; `incidence`: the same with cause and incidence; `smallest`: the smallest count that may
    be shown. Gives the keys, curve (`survival` or the cause), time_days, n_at_risk (on the day;
    null where leavers since the last one shown would be few), n_event (since the row before), and
    value, ci_low and ci_high (shares, to three decimals). Where cases have weights, numbers are
    null and each day with an event counts as one event. Incidence is told only on days of the
    survival curve of the arm, for both are counted from the same cases. The first day of a curve is
    always told.
    """
    told = []
    days: dict[Hashable, list[int]] = {}
    for key, curve in survival.groupby(KEYS, sort=True):
        rows = _steps(curve.sort_values("time_days"), smallest)
        days[key] = list(rows.time_days)
        told.append(rows.assign(curve=SURVIVAL).rename(columns={"survival": "value"}))
    for key, curve in incidence.groupby([*KEYS, "cause"], sort=True):
        rows = _on_days(curve.sort_values("time_days"), days.get(key[:-1], []), smallest)
        told.append(rows.assign(curve=rows.cause).rename(columns={"incidence": "value"}))
    if not told:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.concat(told, ignore_index=True)
    shares = ["value", "ci_low", "ci_high"]
    table[shares] = table[shares].astype(float).round(DECIMALS)
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


def _on_days(curve: pd.DataFrame, days: list[int], smallest: int) -> pd.DataFrame:
    """The cause's curve on those of the given days by which enough of its events have come."""
    times = curve.time_days.to_numpy()
    events = curve.n_event.to_numpy(dtype=float)
    counted = _are_counts(events)
    fewest = events if counted else (events > 0).astype(float)
    places = np.searchsorted(times, days, side="right") - 1
    days_told = [day for day, place in zip(days, places, strict=True) if place >= 0]
    places = places[places >= 0]
    if not len(places):
        return curve.iloc[:0]
    until = fewest.cumsum()[places]
    since = np.diff(until, prepend=0.0)
    kept = _kept(since, np.ones(len(places), dtype=bool), smallest, fewest.sum())
    rows = curve.iloc[places[kept]].copy()
    rows["time_days"] = np.array(days_told)[kept]
    rows["n_event"] = np.diff(events.cumsum()[places[kept]], prepend=0.0) if counted else np.nan
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
    """Numbers at risk on the days told, null where those who left since the last number, with the
    event or without, would be a small count, and wherever cases come in late."""
    numbers = np.full(len(kept), np.nan)
    if (np.diff(at_risk) > _EXACT).any():
        return numbers
    last = None
    for row, place in enumerate(kept):
        if last is not None:
            had_event = events[last:place].sum()
            left = at_risk[last] - at_risk[place] - had_event
            if 0 < had_event < smallest or 0 < left < smallest:
                continue
        numbers[row], last = at_risk[place], place
    return numbers


def _are_counts(values: np.ndarray) -> bool:
    return bool((np.abs(values - values.round()) < _EXACT).all())
