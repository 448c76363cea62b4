"""The rows of the marts on what a Cox model implies and assumes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from csc_outcomes.estimators.analyses import ARM_MEANS, Analysis, cox_model
from csc_outcomes.estimators.design import Design
from csc_outcomes.estimators.proportional_hazards import TRANSFORMS, proportional_hazards_test
from csc_outcomes.estimators.result import FloatArray, IntArray, NotEstimableError
from csc_outcomes.estimators.survival import cox_curve
from csc_outcomes.evaluation.samples import Evidence
from csc_outcomes.evaluation.tables import requested, timed_frame
from csc_outcomes.typed import COUNT, NUMBER, TEXT, typed_table, typed_tables

ALL_TERMS = "all"
COX_CURVE_COLUMNS = {
    **dict.fromkeys(("study_id", "analysis_id", "arm"), TEXT),
    "time_days": COUNT,
    "survival": NUMBER,
}
HAZARD_TEST_COLUMNS = {
    **dict.fromkeys(("study_id", "analysis_id", "transform", "term"), TEXT),
    "statistic": NUMBER,
    "df": COUNT,
    "p_value": NUMBER,
    **dict.fromkeys(("status", "status_reason"), TEXT),
}


def cox_curves(evidence: Evidence, analyses: pd.DataFrame) -> pd.DataFrame:
    """One row per study, Cox analysis, arm and time, as fct_cox_curves has them.

    `analyses` is int_study_analyses, of which those with estimator 'cox' count. The other
    covariates are at their weighted means. An analysis that can't be estimated has no curve.
    """
    tables = []
    for head, frame, analysis in _cox_analyses(evidence, analyses):
        try:
            design, fitted = cox_model(frame, analysis)
        except NotEstimableError:
            continue
        for mean, treatment in ARM_MEANS.items():
            at = design.mean_row(treatment)[1:]
            curve = cox_curve(*_arrays(design), fitted.coef, at, _entry(design))
            tables.append(curve.assign(**head, arm=mean.removesuffix("_mean")))
    return typed_tables(tables, COX_CURVE_COLUMNS)


def proportional_hazards(evidence: Evidence, analyses: pd.DataFrame) -> pd.DataFrame:
    """One row per study, Cox analysis, transform and term, as fct_proportional_hazards has them.

    `analyses` as above. Term 'all' tests all of them jointly; the indicators of levels make one
    term. What can't be tested has a reason, in one row 'all' where the model itself can't be
    fitted.
    """
    rows = [
        {**head, **test}
        for head, frame, analysis in _cox_analyses(evidence, analyses)
        for test in _tests(frame, analysis)
    ]
    return typed_table(rows, HAZARD_TEST_COLUMNS)


def _cox_analyses(
    evidence: Evidence, analyses: pd.DataFrame
) -> Iterator[tuple[dict[str, str], pd.DataFrame, Analysis]]:
    asked = analyses[analyses["estimator"] == "cox"]
    for row in asked.sort_values(["study_id", "analysis_id"]).to_dict("records"):
        study_id, subgroup = row["study_id"], row["subgroup"]
        of = None if pd.isna(subgroup) else str(subgroup)
        cases = evidence.sample(study_id, row["sample"], of)
        frame = timed_frame(evidence, evidence.with_levels(cases, study_id), row)
        head = {"study_id": study_id, "analysis_id": row["analysis_id"]}
        yield head, frame, requested(evidence, row)


def _tests(frame: pd.DataFrame, analysis: Analysis) -> Iterator[dict[str, Any]]:
    try:
        design, fitted = cox_model(frame, analysis)
    except NotEstimableError as reason:
        for transform in TRANSFORMS:
            yield {"transform": transform, "term": ALL_TERMS, **_without_number(reason)}
        return
    for transform in TRANSFORMS:
        for term, columns in _terms(design).items():
            found = _test(design, fitted.coef, transform, columns)
            yield {"transform": transform, "term": term, **found}


def _test(
    design: Design, coef: FloatArray, transform: str, columns: Sequence[int]
) -> dict[str, Any]:
    try:
        found = proportional_hazards_test(
            *_arrays(design), coef, transform, _entry(design), columns
        )
    except NotEstimableError as reason:
        return _without_number(reason)
    return asdict(found) | {"status": "ok", "status_reason": design.note}


def _without_number(reason: NotEstimableError) -> dict[str, Any]:
    return {"status": "not_estimable", "status_reason": str(reason)}


def _terms(design: Design) -> dict[str, list[int]]:
    """The columns of each term, those of the levels of one covariate together, and of all."""
    names = design.names[1:]
    terms: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        terms.setdefault(name.partition("=")[0], []).append(position)
    return terms | {ALL_TERMS: list(range(len(names)))}


def _arrays(design: Design) -> tuple[FloatArray, IntArray, FloatArray, FloatArray]:
    has_event = np.where(design.rows["is_censored"].astype(bool), 0, 1).astype(np.int64)
    return design.outcome, has_event, design.matrix[:, 1:], design.weights


def _entry(design: Design) -> FloatArray | None:
    has_entry = "entry_days" in design.rows
    return design.rows["entry_days"].to_numpy(float) if has_entry else None
