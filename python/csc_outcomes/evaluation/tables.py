"""The rows of the evaluation marts."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from csc_outcomes.estimators.analyses import Analysis, fit
from csc_outcomes.estimators.design import sample_size
from csc_outcomes.estimators.groups import group_outcome
from csc_outcomes.estimators.matched_effect import matched_effect, neighbours_with_ties
from csc_outcomes.estimators.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    holm,
    stars,
)
from csc_outcomes.estimators.result import Estimate, not_estimable
from csc_outcomes.estimators.stacked import fit_stacked
from csc_outcomes.evaluation.clusters import cluster_unit, with_families
from csc_outcomes.evaluation.samples import NO_LINKS, Evidence, group_key
from csc_outcomes.typed import COUNT, FLAG, NUMBER, TEXT, typed_table

ESTIMATE_COLUMNS = {
    **dict.fromkeys(("study_id", "analysis_id"), TEXT),
    "is_primary": FLAG,
    **dict.fromkeys(("outcome", "sample", "subgroup", "estimator", "covariates", "term"), TEXT),
    "estimate": NUMBER,
    "unit": TEXT,
    "std_error": NUMBER,
    "se_type": TEXT,
    **dict.fromkeys(("df", "ci_low", "ci_high", "p_value", "p_adjusted", "p_holm", "p_by"), NUMBER),
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
    "n_events": COUNT,
    **dict.fromkeys(("exact_ci_low", "exact_ci_high"), NUMBER),
    **dict.fromkeys(("unit", "status", "status_reason"), TEXT),
}
ANALYSIS_COLUMNS = (
    "study_id",
    "analysis_id",
    "is_primary",
    "outcome",
    "sample",
    "subgroup",
    "estimator",
    "covariates",
)
ADJUSTMENTS = {"p_adjusted": benjamini_hochberg, "p_holm": holm, "p_by": benjamini_yekutieli}


def effect_estimates(evidence: Evidence, analyses: pd.DataFrame) -> pd.DataFrame:
    """One row per analysis and term, as fct_effect_estimates has them.

    `analyses` is int_study_analyses, which holds the analyses of the specification curve once more
    for every reading. Adjusted p-values (Benjamini-Hochberg, Holm, Benjamini-Yekutieli) are over
    each study's primary analyses. Raises ValueError for an analysis that asks for a covariate its
    study does not have.
    """
    rows = []
    keys = ["study_id", "sample", "subgroup"]
    for key, group in analyses.groupby(keys, sort=True, dropna=False):
        study_id, sample, subgroup = group_key(key)
        frame = evidence.sample(study_id, sample, subgroup or None)
        for analysis in group.sort_values("analysis_id").to_dict("records"):
            rows += [
                {**{name: analysis[name] for name in ANALYSIS_COLUMNS}, **asdict(estimate)}
                for estimate in _estimates(evidence, frame, analysis)
            ]
    return _with_adjusted_p(typed_table(rows, ESTIMATE_COLUMNS))


def _estimates(
    evidence: Evidence, frame: pd.DataFrame, analysis: Mapping[Hashable, Any]
) -> list[Estimate]:
    study_id, estimator = analysis["study_id"], analysis["estimator"]
    request = requested(evidence, analysis)
    if evidence.lacks_links(study_id, analysis["sample"]) and (
        estimator == "cox_stacked" or not pd.isna(analysis["subgroup"])
    ):
        size = sample_size(frame, request.se_type)
        unit = replace(request, estimator=estimator.removesuffix("_stacked")).estimate_unit
        row = not_estimable("treated", NO_LINKS, unit=unit, se_type=request.se_type, size=size)
        return [row]
    if estimator == "nearest_neighbours":
        scored = evidence.with_score(frame, study_id)
        outcomes = evidence.with_outcome(frame, study_id, analysis["outcome"])
        values = outcomes.set_index("case_id")["value"].astype(float)
        neighbours = neighbours_with_ties(scored)
        return [matched_effect(neighbours, values, request.unit, request.fewest_events)]
    frame = evidence.with_levels(frame, study_id)
    if estimator == "cox_stacked":
        cases = evidence.with_outcome(frame, study_id, analysis["outcome"])
        cases = cases.rename(columns={"plan_start_date": "start_date"})
        links = evidence.links_of(study_id, analysis["sample"])
        request = replace(request, estimator="cox")
        return fit_stacked(links, cases, analysis["clock"], request)
    if estimator not in ("cox", "rmst"):
        return fit(evidence.with_outcome(frame, study_id, analysis["outcome"]), request)
    timed = timed_frame(evidence, frame, analysis)
    if estimator == "rmst":
        timed = timed.drop(columns="entry_days", errors="ignore")
    return fit(timed, request)


def requested(evidence: Evidence, analysis: Mapping[Hashable, Any]) -> Analysis:
    """A row of int_study_analyses as the estimators take it."""
    study_id, analysis_id = analysis["study_id"], analysis["analysis_id"]
    return Analysis(
        analysis["estimator"],
        evidence.adjustment(
            study_id,
            analysis_id,
            analysis["covariates"],
            has_main_effects=bool(analysis.get("interaction_main_effect", True)),
        ),
        analysis["se_type"],
        analysis["unit"],
        horizon_days=_known(analysis["survival_horizon_days"]),
        n_draws=int(analysis["bootstrap_draws"]),
        fewest_events=int(analysis["fewest_events"]),
    )


def timed_frame(
    evidence: Evidence, frame: pd.DataFrame, analysis: Mapping[Hashable, Any]
) -> pd.DataFrame:
    """`frame` on the clock of the analysis, with entry_days where some are watched late."""
    timed = evidence.with_clock(frame, analysis["study_id"], analysis["clock"])
    return timed if (timed["entry_days"] > 0).any() else timed.drop(columns="entry_days")


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _with_adjusted_p(rows: pd.DataFrame) -> pd.DataFrame:
    marks = [stars(_known(p)) for p in rows["p_value"]]
    rows["stars"] = pd.Series(marks, index=rows.index, dtype=TEXT)
    is_family = rows["is_primary"] & (rows["term"] == "treated")
    for _, family in rows[is_family].groupby("study_id"):
        p_values = [_known(p) for p in family["p_value"]]
        for column, adjust in ADJUSTMENTS.items():
            rows.loc[family.index, column] = pd.Series(
                adjust(p_values), index=family.index, dtype="Float64"
            )
        adjusted = rows.loc[family.index, "p_adjusted"]
        rows.loc[family.index, "stars"] = [stars(_known(p)) for p in adjusted]
    return rows


def group_outcomes(
    evidence: Evidence, outcomes: pd.DataFrame, asked: pd.DataFrame, parameters: pd.DataFrame
) -> pd.DataFrame:
    """One row per study, sample, outcome and arm, as fct_group_outcomes has them.

    `outcomes` is study_outcomes; `asked` (study_id, sample) names samples that have rows also when
    they have no case. Intervals are by child, or by family in studies that allocate families
    (`arm_source` of `parameters`, def_study_parameters).
    """
    rows = []
    for study_id, sample, frame in evidence.samples(asked):
        cluster = cluster_unit(parameters, study_id)
        frame = with_families(frame)
        for outcome in outcomes[outcomes["study_id"] == study_id].to_dict("records"):
            observed = evidence.with_outcome(frame, study_id, outcome["outcome"])
            head = {"study_id": study_id, "sample": sample, "outcome": outcome["outcome"]}
            groups = group_outcome(observed, outcome["kind"], outcome["unit"], cluster)
            rows += [{**head, **asdict(group)} for group in groups]
    return typed_table(rows, GROUP_COLUMNS)
