"""The rows of the evaluation marts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.balance import covariate_balance, treated_deviations
from csc_outcomes.estimators.groups import group_outcome
from csc_outcomes.estimators.hidden_bias import (
    HiddenBiasBounds,
    event_table,
    expected_lengths,
    mantel_haenszel_bounds,
    pair_differences,
    signed_rank_bounds,
)
from csc_outcomes.estimators.multiplicity import benjamini_hochberg, stars
from csc_outcomes.estimators.result import NotEstimableError
from csc_outcomes.estimators.survival import kaplan_meier
from csc_outcomes.evaluation.samples import Evidence
from csc_outcomes.typed import COUNT, FLAG, NUMBER, TEXT, typed_table

DAYS_PER_WEEK = 7
ESTIMATE_COLUMNS = {
    **dict.fromkeys(("study_id", "analysis_id"), TEXT),
    "is_primary": FLAG,
    **dict.fromkeys(("outcome", "sample", "estimator", "covariates", "term"), TEXT),
    "estimate": NUMBER,
    "unit": TEXT,
    "std_error": NUMBER,
    "se_type": TEXT,
    **dict.fromkeys(("df", "ci_low", "ci_high", "p_value", "p_adjusted"), NUMBER),
    "stars": TEXT,
    **dict.fromkeys(("n_treated", "n_comparator"), COUNT),
    "ess_comparator": NUMBER,
    "n_clusters": COUNT,
    **dict.fromkeys(("status", "status_reason"), TEXT),
}
GROUP_COLUMNS = {
    **dict.fromkeys(("study_id", "sample", "outcome", "arm"), TEXT),
    "n": COUNT,
    **dict.fromkeys(("n_weighted", "ess", "value", "ci_low", "ci_high"), NUMBER),
    "unit": TEXT,
}
BALANCE_COLUMNS = {
    **dict.fromkeys(("study_id", "method", "covariate"), TEXT),
    **dict.fromkeys(("mean_treated", "mean_comparator", "smd", "variance_ratio"), NUMBER),
    **dict.fromkeys(("p_value", "ess_comparator"), NUMBER),
}
CURVE_COLUMNS = {
    **dict.fromkeys(("study_id", "sample", "clock", "arm"), TEXT),
    "time_days": COUNT,
    **dict.fromkeys(("n_at_risk", "n_event", "survival", "ci_low", "ci_high"), NUMBER),
}
BOUND_COLUMNS = {
    **dict.fromkeys(("study_id", "sample", "outcome", "method"), TEXT),
    "gamma": NUMBER,
    "direction": TEXT,
    **dict.fromkeys(("p_upper", "p_lower", "crossing_gamma", "crossing_gamma_01"), NUMBER),
    "ceiling_gamma": NUMBER,
    **dict.fromkeys(("status", "status_reason"), TEXT),
}
Bounds = Callable[[], HiddenBiasBounds]
GAMMAS = [round(1 + step / 10, 1) for step in range(21)] + [3.5, 4.0, 5.0, 6.0, 8.0, 10.0]


def effect_estimates(
    evidence: Evidence, analyses: pd.DataFrame, outcomes: pd.DataFrame
) -> pd.DataFrame:
    """One row per analysis and term, as fct_effect_estimates has them.

    `analyses` is int_study_analyses, `outcomes` study_outcomes. Adjusted p-values are
    Benjamini-Hochberg over each study's primary analyses.
    """
    units = outcomes.set_index(["study_id", "outcome"])["unit"].to_dict()
    rows = []
    for keys, group in analyses.groupby(["study_id", "sample"], sort=True):
        study_id, sample = _names(keys)
        frame = evidence.sample(study_id, sample)
        for analysis in group.sort_values("analysis_id").to_dict("records"):
            unit = units[study_id, analysis["outcome"]]
            rows += list(_estimates(evidence, frame, analysis, unit))
    return _with_adjusted_p(typed_table(rows, ESTIMATE_COLUMNS))


def _estimates(
    evidence: Evidence, frame: pd.DataFrame, analysis: Mapping[Hashable, Any], unit: str
) -> Iterator[dict[str, Any]]:
    study_id = analysis["study_id"]
    covariates = (
        evidence.covariate_names(study_id, "in_adjustment")
        if analysis["covariates"] == "matching"
        else []
    )
    if analysis["estimator"] == "cox":
        frame = evidence.with_clock(frame, study_id, analysis["clock"])
        if not (frame["entry_days"] > 0).any():
            frame = frame.drop(columns="entry_days")
    else:
        frame = evidence.with_outcome(frame, study_id, analysis["outcome"])
    request = Analysis(analysis["estimator"], covariates, analysis["se_type"], unit)
    for estimate in fit(frame, request):
        yield {
            "study_id": study_id,
            "analysis_id": analysis["analysis_id"],
            "is_primary": analysis["is_primary"],
            "outcome": analysis["outcome"],
            "sample": analysis["sample"],
            "estimator": analysis["estimator"],
            "covariates": analysis["covariates"],
            **asdict(estimate),
            "stars": stars(estimate.p_value),
        }


def _with_adjusted_p(rows: pd.DataFrame) -> pd.DataFrame:
    is_family = rows["is_primary"] & (rows["term"] == "treated")
    for _, family in rows[is_family].groupby("study_id"):
        p_values = [None if pd.isna(p) else float(p) for p in family["p_value"]]
        adjusted = benjamini_hochberg(p_values)
        rows.loc[family.index, "p_adjusted"] = pd.Series(
            adjusted, index=family.index, dtype="Float64"
        )
        rows.loc[family.index, "stars"] = [stars(p) for p in adjusted]
    return rows


def group_outcomes(evidence: Evidence, outcomes: pd.DataFrame) -> pd.DataFrame:
    """One row per study, sample, outcome and arm, as fct_group_outcomes has them."""
    rows = []
    for study_id, sample, frame in evidence.samples():
        for outcome in outcomes[outcomes["study_id"] == study_id].to_dict("records"):
            observed = evidence.with_outcome(frame, study_id, outcome["outcome"])
            if outcome["kind"] == "number" and outcome["unit"] == "weeks":
                observed["value"] /= DAYS_PER_WEEK
            unit = outcome["unit"] if outcome["kind"] != "number" else "mean_weeks"
            rows += [
                {
                    "study_id": study_id,
                    "sample": sample,
                    "outcome": outcome["outcome"],
                    **asdict(group),
                    "unit": outcome["unit"],
                }
                for group in group_outcome(observed, unit)
            ]
    return typed_table(rows, GROUP_COLUMNS)


def balance(evidence: Evidence) -> pd.DataFrame:
    """One row per study, sample and covariate, as fct_covariate_balance has them."""
    tables = []
    for study_id, method, frame in evidence.samples():
        names = evidence.covariate_names(study_id, "in_balance")
        deviations = treated_deviations(evidence.sample(study_id, "unmatched"), names)
        table = covariate_balance(frame, names, deviations)
        tables.append(table.assign(study_id=study_id, method=method))
    return _together(tables, BALANCE_COLUMNS)


def survival_curves(evidence: Evidence) -> pd.DataFrame:
    """One row per study, sample, clock, arm and time, as fct_survival_curves has them."""
    tables = []
    for study_id, sample, frame in evidence.samples():
        for clock in evidence.clock_names:
            timed = evidence.with_clock(frame, study_id, clock)
            for arm, cases in timed[timed["value"].notna()].groupby("arm", sort=True):
                curve = kaplan_meier(
                    cases["value"].to_numpy(float),
                    np.where(cases["is_censored"], 0, 1).astype(np.int64),
                    cases["weight"].to_numpy(float),
                    entry_days=cases["entry_days"].to_numpy(float),
                )
                tables.append(curve.assign(study_id=study_id, sample=sample, clock=clock, arm=arm))
    return _together(tables, CURVE_COLUMNS)


def hidden_bias(evidence: Evidence, outcomes: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """One row per study, sample, outcome, method and gamma, as fct_hidden_bias_bounds has them.

    Binary outcomes have Mantel-Haenszel bounds of the pooled table and by stratum, lengths
    signed-rank
    bounds of each treated case against its comparators (`links`: fct_matched_links), with the
    expected
    length where a case is censored. Where no bound can be had there is one row, gamma 1, with the
    reason.
    """
    rows: list[dict[str, Any]] = []
    for keys, pairs in links.groupby(["study_id", "method"], sort=True):
        study_id, sample = _names(keys)
        frame = evidence.sample(study_id, sample)
        for outcome in outcomes[outcomes["study_id"] == study_id].to_dict("records"):
            if outcome["kind"] not in ("binary", "length"):
                continue
            observed = evidence.with_outcome(frame, study_id, outcome["outcome"])
            methods = _bounds_of_lengths if outcome["kind"] == "length" else _bounds_of_events
            for method, bounds in methods(observed, pairs).items():
                head = {
                    "study_id": study_id,
                    "sample": sample,
                    "outcome": outcome["outcome"],
                    "method": method,
                }
                rows += [{**head, **row} for row in _bound_rows(bounds)]
    return typed_table(rows, BOUND_COLUMNS)


def _bounds_of_events(frame: pd.DataFrame, _: pd.DataFrame) -> dict[str, Bounds]:
    return {
        "mantel_haenszel_pooled": lambda: mantel_haenszel_bounds(event_table(frame), GAMMAS),
        "mantel_haenszel_strata": lambda: mantel_haenszel_bounds(
            event_table(frame, by="stratum"), GAMMAS
        ),
    }


def _bounds_of_lengths(frame: pd.DataFrame, links: pd.DataFrame) -> dict[str, Bounds]:
    def signed_rank() -> HiddenBiasBounds:
        differences = pair_differences(links, expected_lengths(frame))
        return signed_rank_bounds(differences.to_numpy(float), GAMMAS)

    return {"signed_rank": signed_rank}


def _bound_rows(bounds: Bounds) -> list[dict[str, Any]]:
    try:
        found = bounds()
    except NotEstimableError as reason:
        return [{"gamma": 1.0, "status": "not_estimable", "status_reason": str(reason)}]
    ceiling = found.ceiling_gamma or {}
    shared = {
        "direction": found.direction,
        "crossing_gamma": found.crossing_gamma[0.05],
        "crossing_gamma_01": found.crossing_gamma[0.01],
        "ceiling_gamma": ceiling.get(0.05),
        "status": "ok",
        "status_reason": None,
    }
    return [
        {"gamma": row.gamma, "p_upper": row.p_upper, "p_lower": row.p_lower, **shared}
        for row in found.table.itertuples()
    ]


def _together(tables: list[pd.DataFrame], columns: Mapping[str, str]) -> pd.DataFrame:
    """One table of the columns named, with no row where no study has a sample."""
    return typed_table(pd.concat(tables, ignore_index=True) if tables else [], columns)


def _names(keys: Any) -> tuple[str, str]:
    """Study and sample of a group, as pandas hands them over."""
    study_id, sample = keys
    return str(study_id), str(sample)
