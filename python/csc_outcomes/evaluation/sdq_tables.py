"""The rows of the mart that compares scores of the Strengths and Difficulties Questionnaire."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from csc_outcomes.estimators.rank_sums import rank_sum_test
from csc_outcomes.estimators.result import FloatArray, NotEstimableError
from csc_outcomes.typed import COUNT, NUMBER, TEXT, typed_table

SCALES = ("emotional", "conduct", "hyperactivity", "peer", "prosocial", "total")
ARMS = ("treated", "comparator")
QUARTILES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}
COMPARISON_COLUMNS = {
    **dict.fromkeys(("study_id", "scale"), TEXT),
    **dict.fromkeys((f"n_{arm}" for arm in ARMS), COUNT),
    **dict.fromkeys((f"{name}_{arm}" for arm in ARMS for name in QUARTILES), NUMBER),
    **dict.fromkeys(("u_statistic", "p_value"), NUMBER),
    "method": TEXT,
    **dict.fromkeys(("shift", "superiority"), NUMBER),
    **dict.fromkeys(("status", "status_reason"), TEXT),
}


def sdq_comparison(scores: pd.DataFrame, studies: pd.DataFrame) -> pd.DataFrame:
    """One row per study and scale, as fct_sdq_comparison has them.

    `scores` is fct_sdq_scores, of which rows with `is_compared` and a score count, `studies` the
    seed of that name. Quartiles are by linear interpolation (type 7 of Hyndman and Fan). A scale
    that can't be compared has a reason in its place.
    """
    compared = scores[scores["is_compared"].astype(bool) & scores["score"].notna()]
    groups = {
        key: rows["score"].to_numpy(dtype=float)
        for key, rows in compared.groupby(["study_id", "scale", "arm"])
    }
    rows = [
        {"study_id": study_id, "scale": scale, **_compared(groups, study_id, scale)}
        for study_id in sorted(studies["study_id"])
        for scale in SCALES
    ]
    return typed_table(rows, COMPARISON_COLUMNS)


def _compared(groups: dict[Any, FloatArray], study_id: str, scale: str) -> dict[str, Any]:
    values = {arm: groups.get((study_id, scale, arm), np.empty(0)) for arm in ARMS}
    row: dict[str, Any] = {f"n_{arm}": len(values[arm]) for arm in ARMS}
    for arm in ARMS:
        for name, share in QUARTILES.items():
            known = len(values[arm]) > 0
            row[f"{name}_{arm}"] = float(np.quantile(values[arm], share)) if known else None
    if not any(row[f"n_{arm}"] for arm in ARMS):
        reason = "no_scores: no allocated child has a score on this scale"
        return {**row, "status": "not_estimable", "status_reason": reason}
    try:
        test = rank_sum_test(values["treated"], values["comparator"])
    except NotEstimableError as error:
        return {**row, "status": "not_estimable", "status_reason": str(error)}
    return {
        **row,
        "u_statistic": test.statistic,
        "p_value": test.p_value,
        "method": test.method,
        "shift": test.shift,
        "superiority": test.superiority,
        "status": "ok",
    }
