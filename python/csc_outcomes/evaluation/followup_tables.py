"""What followed the closures of a study, at every cut of its data."""

from __future__ import annotations

import pandas as pd

from csc_outcomes.estimators.survival import kaplan_meier
from csc_outcomes.typed import COUNT, NUMBER, TEXT, typed_table

FOLLOWUP_COLUMNS = {
    **dict.fromkeys(("study_id", "sample", "event"), TEXT),
    "months": COUNT,
    "arm": TEXT,
    **dict.fromkeys(("n_closed", "n_matured"), COUNT),
    "share_matured": NUMBER,
    "n_events_matured": COUNT,
    **dict.fromkeys(("share_of_matured", "incidence", "ci_low", "ci_high"), NUMBER),
    **dict.fromkeys(("status", "status_reason"), TEXT),
}
WINDOWS = {12: "ends_12m_date", 24: "ends_24m_date"}
ARMS = ("treated", "comparator")
TOO_SHORT = "too_short: nobody is watched to the window's end; the share is a lower bound till then"


def followups(
    followed: pd.DataFrame, sample_cases: pd.DataFrame, study_cases: pd.DataFrame
) -> pd.DataFrame:
    """One row per study or data cut, event, window and arm, as fct_followups has them.

    `followed` is int_followups, `sample_cases` the unmatched sample of int_sample_cases, which
    gives each case its arm; `study_cases` is int_study_arms for the families. Matured windows give
    a share; the incidence at the window's end is one minus the product-limit estimate, in which a
    closure whose window is still open counts until the last day it was watched. Its interval is
    over families (log-log).
    """
    cases = sample_cases[["study_id", "case_id", "arm"]]
    cases = cases.merge(study_cases[["study_id", "case_id", "child_id", "family_id"]])
    cases = followed.merge(cases, on=["study_id", "case_id"])
    cases["family"] = cases["family_id"].fillna(cases["child_id"])
    rows = []
    for study_id in sorted(followed["study_id"].unique()):
        for event in ("rereferred", "escalated"):
            for arm in ARMS:
                is_own = (cases["study_id"] == study_id) & (cases["event"] == event)
                closed = cases[is_own & (cases["arm"] == arm)]
                for months, window in WINDOWS.items():
                    key = {"study_id": study_id, "sample": "unmatched", "event": event, "arm": arm}
                    rows.append({**key, "months": months, **_followed(closed, window)})
    return typed_table(rows, FOLLOWUP_COLUMNS)


def _followed(closed: pd.DataFrame, window: str) -> dict[str, object]:
    if closed.empty:
        reason = "no_closures: no case of this arm closed in the study"
        return {"n_closed": 0, "n_matured": 0, "status": "not_estimable", "status_reason": reason}
    ends, until = pd.to_datetime(closed[window]), pd.to_datetime(closed["followed_until"])
    happened = pd.to_datetime(closed["event_date"])
    start = pd.to_datetime(closed["closure_date"])
    is_matured = ends <= until
    in_window = happened <= ends
    last_seen = happened.where(in_window, ends.where(is_matured, until))
    days = (last_seen - start).dt.days.to_numpy(float)
    n_matured, n_events = int(is_matured.sum()), int((in_window & is_matured).sum())
    curve = kaplan_meier(
        days,
        in_window.to_numpy().astype(int),
        closed.assign(weight=1.0)["weight"].to_numpy(float),
        pd.factorize(closed["family"])[0],
    )
    last = curve.iloc[-1]
    return {
        "n_closed": len(closed),
        "n_matured": n_matured,
        "share_matured": n_matured / len(closed),
        "n_events_matured": n_events,
        "share_of_matured": n_events / n_matured if n_matured else None,
        "incidence": 1 - last["survival"] if n_matured else None,
        "ci_low": 1 - last["ci_high"] if n_matured else None,
        "ci_high": 1 - last["ci_low"] if n_matured else None,
        "status": "ok" if n_matured else "not_estimable",
        "status_reason": None if n_matured else TOO_SHORT,
    }
