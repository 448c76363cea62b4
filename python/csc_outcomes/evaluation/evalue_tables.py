"""The rows of the mart of E-values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from csc_outcomes.estimators.analyses import DAYS_PER_WEEK
from csc_outcomes.estimators.design import INTERACTION, usable_rows
from csc_outcomes.estimators.evalues import (
    COMMON_SHARE,
    EValue,
    evalue_from_difference,
    evalue_from_hazard_ratio,
    evalue_from_odds_ratio,
    evalue_from_risk_ratio,
    ratio_of_means,
    ratios,
)
from csc_outcomes.estimators.hidden_bias import fit_lengths
from csc_outcomes.estimators.result import NotEstimableError
from csc_outcomes.evaluation.samples import Evidence, group_key
from csc_outcomes.typed import NUMBER, TEXT, typed_table

EVALUE_COLUMNS = {
    **dict.fromkeys(("study_id", "analysis_id", "outcome", "scale"), TEXT),
    **dict.fromkeys(("risk_ratio", "ci_low", "ci_high"), NUMBER),
    **dict.fromkeys(("evalue", "evalue_of_interval"), NUMBER),
    **dict.fromkeys(("status", "status_reason"), TEXT),
}
SCALES = {
    "proportion": "risk_ratio",
    "weeks": "difference",
    "days": "difference",
    "log_days": "difference",
    "log_hazard_ratio": "hazard_ratio",
    "log_odds_ratio": "odds_ratio",
    "odds_ratio": "odds_ratio",
}
# Who closed was settled after the lots were drawn, so among closed cases the arms may differ.
AMONG_CLOSED = (
    "escalated_after_closure",
    "closed_case_length_days",
    "rereferred_12m_after_closure",
    "rereferred_24m_after_closure",
    "escalated_12m_after_closure",
    "escalated_24m_after_closure",
)


@dataclass(frozen=True)
class _Analysis:
    """The rows of one analysis by term, and its sample's frame with the outcome."""

    terms: Mapping[str, Mapping[Hashable, Any]]
    frame: pd.DataFrame

    def figure(self, name: str, term: str = "treated") -> float | None:
        """Null where the row has none, such as the error of a mean of cases all alike."""
        value = self.terms[term][name]
        return None if pd.isna(value) else float(value)


def evalues(
    evidence: Evidence,
    estimates: pd.DataFrame,
    outcomes: pd.DataFrame,
    by_lot: Collection[str] = (),
) -> pd.DataFrame:
    """One row per study and analysis, as fct_evalues has them.

    `estimates` is fct_effect_estimates, `outcomes` study_outcomes. Differences of shares become
    risk ratios of the arms' means, differences of lengths are standardised by the deviation within
    the arms (of a censored length that of the censored-normal model), hazard and odds ratios are
    converted where more than 15 % of the sample have the event. What can't be put as a risk ratio
    has a reason in its place. In the studies `by_lot` arms were allocated by lot, so no cause can
    have gone with them: only outcomes among closed cases, whom the lots didn't draw, are judged.
    """
    kinds = outcomes.set_index(["study_id", "outcome"])["kind"].to_dict()
    rows = []
    by = ["study_id", "sample", "subgroup", "outcome"]
    for key, group in estimates.groupby(by, sort=True, dropna=False):
        study_id, sample, subgroup, outcome = group_key(key)
        cases = evidence.sample(study_id, sample, subgroup or None)
        frame = evidence.with_outcome(cases, study_id, outcome)
        for analysis_id, rows_of_it in group.groupby("analysis_id", sort=True):
            terms = {str(row["term"]): row for row in rows_of_it.to_dict("records")}
            analysis = _Analysis(terms, usable_rows(frame))
            head = {"study_id": study_id, "analysis_id": analysis_id, "outcome": outcome}
            no_question = study_id in by_lot and outcome not in AMONG_CLOSED
            rows.append({**head, **_row(analysis, kinds[study_id, outcome], no_question)})
    return typed_table(rows, EVALUE_COLUMNS)


def _row(analysis: _Analysis, kind: str, no_question: bool) -> dict[str, Any]:
    effect = analysis.terms["treated"]
    scale = SCALES[effect["unit"]]
    try:
        if no_question:
            raise NotEstimableError(
                "arms_by_lot: arms were allocated by lot; what an unmeasured cause would have to be"
                " is no question"
            )
        if effect["status"] != "ok":
            raise NotEstimableError(effect["status_reason"])
        if any(term.startswith(INTERACTION) for term in analysis.terms):
            raise NotEstimableError("interaction: the effect isn't the same for every case")
        found, note = CONVERSIONS[scale](analysis, kind)
    except NotEstimableError as reason:
        return {"scale": scale, "status": "not_estimable", "status_reason": str(reason)}
    return {
        "scale": scale,
        "risk_ratio": found.risk_ratio,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "evalue": found.of_estimate,
        "evalue_of_interval": found.of_interval,
        "status": "ok",
        "status_reason": note,
    }


def _of_shares(analysis: _Analysis, _: str) -> tuple[EValue, str | None]:
    for value, arm in ((1, "treated"), (0, "comparator")):
        if not analysis.frame.loc[analysis.frame["treated"] == value, "value"].any():
            raise NotEstimableError(f"no_events: no {arm} case has the event, so there is no ratio")
    if not {"treated_mean", "comparator_mean"} <= set(analysis.terms):
        raise NotEstimableError("no_arm_means: the estimator gives no means to take a ratio of")
    # An arm in which all are alike has a mean without an error.
    (mean, error), (other_mean, other_error) = (
        (analysis.figure("estimate", term) or 0.0, analysis.figure("std_error", term) or 0.0)
        for term in ("treated_mean", "comparator_mean")
    )
    ratio = ratio_of_means(
        (mean, other_mean),
        (error, other_error),
        analysis.figure("std_error") or 0.0,
        analysis.figure("df"),
    )
    return evalue_from_risk_ratio(*ratio), None


def _of_difference(analysis: _Analysis, kind: str) -> tuple[EValue, str | None]:
    if analysis.terms["treated"]["estimator"] == "rmst":
        raise NotEstimableError("no_scale: restricted means have no deviation to standardise by")
    effect = analysis.terms["treated"]
    per_unit = DAYS_PER_WEEK if effect["unit"] == "weeks" else 1
    deviation = _deviation(analysis.frame, kind) / per_unit
    if not deviation > 0:
        raise NotEstimableError("no_variation: the values within the arms don't differ")
    return evalue_from_difference(effect["estimate"], effect["std_error"], deviation), None


def _deviation(frame: pd.DataFrame, kind: str) -> float:
    """The standard deviation within the arms, of lengths in days."""
    if kind == "length":
        return fit_lengths(frame)[1].sigma
    values, weights = frame["value"].to_numpy(float), frame["weight"].to_numpy(float)
    products = (frame["value"] * frame["weight"]).groupby(frame["treated"]).transform("sum")
    means = products / frame["weight"].groupby(frame["treated"]).transform("sum")
    squares = float(weights @ (values - means.to_numpy(float)) ** 2)
    freedom = 1 - 2 / len(frame)
    return float(np.sqrt(squares / weights.sum() / freedom)) if freedom > 0 else np.nan


def _of_ratio(
    convert: Callable[..., EValue], name: str
) -> Callable[[_Analysis, str], tuple[EValue, str | None]]:
    def conversion(analysis: _Analysis, kind: str) -> tuple[EValue, str | None]:
        effect = analysis.terms["treated"]
        limits = [effect[name] for name in ("estimate", "ci_low", "ci_high")]
        if not effect["unit"].startswith("log_"):
            limits = [np.log(value) if value > 0 else -np.inf for value in limits]
        found = ratios(*limits)
        frame = analysis.frame
        events = ~frame["is_censored"] if kind == "length" else frame["value"] == 1
        share = float(np.average(events, weights=frame["weight"]))
        if share <= COMMON_SHARE:
            note = f"rare_outcome: {share:.0%} have the event, so the {name} is taken as it is"
            return evalue_from_risk_ratio(*found), note
        note = f"common_outcome: {share:.0%} have the event, so the {name} is converted"
        return convert(*found), note

    return conversion


CONVERSIONS: dict[str, Callable[[_Analysis, str], tuple[EValue, str | None]]] = {
    "risk_ratio": _of_shares,
    "difference": _of_difference,
    "hazard_ratio": _of_ratio(evalue_from_hazard_ratio, "hazard ratio"),
    "odds_ratio": _of_ratio(evalue_from_odds_ratio, "odds ratio"),
}
