"""What followed the closures of a study, at every cut of its data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from csc_outcomes.estimators.exact import exact_share_interval
from csc_outcomes.estimators.survival import kaplan_meier
from csc_outcomes.evaluation.clusters import with_families
from csc_outcomes.typed import COUNT, NUMBER, TEXT, typed_table

FOLLOWUP_COLUMNS = {
    **dict.fromkeys(("study_id", "sample", "event"), TEXT),
    "months": COUNT,
    "arm": TEXT,
    **dict.fromkeys(("n_closed", "n_matured"), COUNT),
    "share_matured": NUMBER,
    **dict.fromkeys(("n_at_risk_end", "n_events_matured"), COUNT),
    **dict.fromkeys(("share_of_matured", "incidence", "ci_low", "ci_high"), NUMBER),
    **dict.fromkeys(("status", "status_reason"), TEXT),
}
WINDOWS = {12: "ends_12m_date", 24: "ends_24m_date"}
ARMS = ("treated", "comparator")
# Fewer at risk just before the window's end carry no share of all closures: the curve's last step
# would rest on them alone (Pocock, Clayton and Altman, Lancet 2002, on where to end such curves).
FEWEST_AT_RISK = 5
TOO_SHORT = "too_short: nobody is watched to the window's end; the share is a lower bound till then"
TOO_FEW = (
    "too_few_at_risk: {n} watched as far as the window's end, fewer than "
    f"{FEWEST_AT_RISK}; the last step would rest on them alone"
)


def followups(
    followed: pd.DataFrame, sample_cases: pd.DataFrame, study_cases: pd.DataFrame
) -> pd.DataFrame:
    """One row per study or data cut, event, window and arm, as fct_followups has them.

    `followed` is int_followups, `sample_cases` the unmatched sample of int_sample_cases, which
    gives each case its arm; `study_cases` is int_study_arms for the families. Matured windows give
    a share; the incidence at the window's end is one minus the product-limit estimate, in which a
    closure whose window is still open counts until the last day it was watched. Its interval is
    over families (log-log), or Clopper and Pearson's of the families whose window has passed where
    nobody or everybody had the event. Where windows are open, at least FEWEST_AT_RISK must still be
    at risk just before the end; where all have passed, as many closures.
    """
    cases = sample_cases[["study_id", "case_id", "arm"]]
    cases = cases.merge(study_cases[["study_id", "case_id", "child_id", "family_id"]])
    cases = followed.merge(cases, on=["study_id", "case_id"])
    cases = with_families(cases)
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
    days = np.asarray((last_seen - start).dt.days, dtype=np.float64)
    n_matured, n_events = int(is_matured.sum()), int((in_window & is_matured).sum())
    curve = kaplan_meier(
        days,
        np.asarray(in_window, dtype=np.int64),
        np.ones(len(closed)),
        pd.factorize(closed["family_id"])[0].astype(np.int64),
    )
    n_at_risk_end = int((last_seen >= ends).sum())
    row = {
        "n_closed": len(closed),
        "n_matured": n_matured,
        "share_matured": n_matured / len(closed),
        "n_at_risk_end": n_at_risk_end,
        "n_events_matured": n_events,
        "share_of_matured": n_events / n_matured if n_matured else None,
    }
    n_enough = n_matured if n_matured == len(closed) else n_at_risk_end
    if not n_matured or n_enough < FEWEST_AT_RISK:
        reason = TOO_FEW.format(n=n_enough) if n_matured else TOO_SHORT
        return row | {"status": "not_estimable", "status_reason": reason}
    n_families = int(closed.loc[is_matured, "family_id"].nunique())
    return row | _share(curve.iloc[-1], n_families) | {"status": "ok"}


def _share(last: pd.Series, n_families: int) -> dict[str, object]:
    """Share by the end of the curve; at exactly 0 or 1 the interval is the exact one."""
    share = 1 - float(last["survival"])
    if share in (0.0, 1.0):
        low, high = exact_share_interval(int(share) * n_families, n_families)
    else:
        low, high = 1 - float(last["ci_high"]), 1 - float(last["ci_low"])
    return {"incidence": share, "ci_low": low, "ci_high": high}
