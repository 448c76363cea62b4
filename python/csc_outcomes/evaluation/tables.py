"""The rows of the evaluation marts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pandas as pd

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.balance import covariate_balance, treated_deviations
from csc_outcomes.estimators.groups import group_outcome
from csc_outcomes.estimators.multiplicity import benjamini_hochberg, stars
from csc_outcomes.estimators.survival import kaplan_meier
from csc_outcomes.evaluation.samples import Evidence

DAYS_PER_WEEK = 7


def effect_estimates(evidence: Evidence, analyses: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """One row per analysis and term, as fct_effect_estimates has them.

    `analyses` is study_analyses joined with each study's default clock (`survival_origin`); `outcomes` is
    study_outcomes. Adjusted p-values are Benjamini-Hochberg over each study's primary analyses.
    """
    units = outcomes.set_index(["study_id", "outcome"])["unit"].to_dict()
    rows = []
    for (study_id, sample), group in analyses.groupby(["study_id", "sample"], sort=True):
        frame = evidence.sample(study_id, sample)
        for analysis in group.sort_values("analysis_id").to_dict("records"):
            unit = units[study_id, analysis["outcome"]]
            rows += list(_estimates(evidence, frame, analysis, unit))
    return _with_adjusted_p(pd.DataFrame(rows))


def _estimates(
    evidence: Evidence, frame: pd.DataFrame, analysis: dict[str, Any], unit: str
) -> Iterator[dict[str, Any]]:
    study_id = analysis["study_id"]
    covariates = (
        evidence.covariate_names(study_id, "in_adjustment") if analysis["covariates"] == "matching" else []
    )
    if analysis["estimator"] == "cox":
        clock = analysis["clock"] or analysis["survival_origin"]
        frame = evidence.with_clock(frame, study_id, clock)
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
    rows["p_adjusted"] = None
    is_family = rows["is_primary"] & (rows["term"] == "treated")
    for _, family in rows[is_family].groupby("study_id"):
        p_values = [None if pd.isna(p) else float(p) for p in family["p_value"]]
        rows.loc[family.index, "p_adjusted"] = pd.Series(
            benjamini_hochberg(p_values), index=family.index, dtype=object
        )
        rows.loc[family.index, "stars"] = [stars(p) for p in rows.loc[family.index, "p_adjusted"]]
    return rows


def group_outcomes(evidence: Evidence, outcomes: pd.DataFrame) -> pd.DataFrame:
    """One row per study, sample, outcome and arm, as fct_group_outcomes has them."""
    rows = []
    samples = evidence.sample_cases[["study_id", "method"]].drop_duplicates()
    for study_id, sample in samples.sort_values(["study_id", "method"]).itertuples(index=False):
        frame = evidence.sample(study_id, sample)
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
    return pd.DataFrame(rows)


def balance(evidence: Evidence) -> pd.DataFrame:
    """One row per study, sample and covariate, as fct_covariate_balance has them."""
    tables = []
    samples = evidence.sample_cases[["study_id", "method"]].drop_duplicates()
    for study_id, method in samples.sort_values(["study_id", "method"]).itertuples(index=False):
        names = evidence.covariate_names(study_id, "in_balance")
        deviations = treated_deviations(evidence.sample(study_id, "unmatched"), names)
        table = covariate_balance(evidence.sample(study_id, method), names, deviations)
        table.insert(0, "study_id", study_id)
        table.insert(1, "method", method)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def survival_curves(evidence: Evidence, clocks: list[str]) -> pd.DataFrame:
    """Weighted Kaplan-Meier curves: one row per study, sample, clock, arm and time, as fct_survival_curves."""
    tables = []
    samples = evidence.sample_cases[["study_id", "method"]].drop_duplicates()
    for study_id, sample in samples.sort_values(["study_id", "method"]).itertuples(index=False):
        frame = evidence.sample(study_id, sample)
        for clock in clocks:
            timed = evidence.with_clock(frame, study_id, clock)
            for arm, cases in timed[timed["value"].notna()].groupby("arm", sort=True):
                curve = kaplan_meier(
                    cases["value"].to_numpy(float),
                    (~cases["is_censored"]).to_numpy(int),
                    cases["weight"].to_numpy(float),
                )
                tables.append(curve.assign(study_id=study_id, sample=sample, clock=clock, arm=arm))
    return pd.concat(tables, ignore_index=True)
