"""The rows of the marts of negative controls and of calibrated estimates."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from csc_outcomes.estimators.calibration import SystematicError, calibrate, fit_systematic_error
from csc_outcomes.estimators.design import INTERACTION
from csc_outcomes.estimators.result import NotEstimableError
from csc_outcomes.evaluation.samples import group_key
from csc_outcomes.typed import COUNT, NUMBER, TEXT, typed_table

SIGNIFICANT = 0.05
SETTING = ["study_id", "sample", "unit"]
CONTROL_COLUMNS = {
    **dict.fromkeys(SETTING, TEXT),
    **dict.fromkeys(("n_controls", "n_estimated"), COUNT),
    **dict.fromkeys(("mean_error", "sd_error", "share_significant", "largest_abs_z"), NUMBER),
    **dict.fromkeys(("status", "status_reason"), TEXT),
}
CALIBRATED_COLUMNS = {
    **dict.fromkeys(("study_id", "analysis_id", "outcome", "sample", "unit"), TEXT),
    **dict.fromkeys(("estimate", "std_error", "p_value"), NUMBER),
    **dict.fromkeys(("calibrated_estimate", "calibrated_ci_low", "calibrated_ci_high"), NUMBER),
    "calibrated_p_value": NUMBER,
    "n_controls": COUNT,
    **dict.fromkeys(("status", "status_reason"), TEXT),
}


def negative_controls(
    estimates: pd.DataFrame, outcomes: pd.DataFrame, parameters: pd.DataFrame
) -> pd.DataFrame:
    """One row per study, sample and unit that has an analysis, as fct_negative_controls has them.

    `estimates` is fct_effect_estimates, `outcomes` study_outcomes, `parameters`
    def_study_parameters. Every control outcome counts once, with its plainest analysis of the whole
    sample that has an error: the primary one, else one without covariates, else the first by name.
    """
    effects = _effects(estimates, outcomes)
    needed = parameters[parameters["parameter_id"] == "calibration_controls"]
    n_needed = needed.set_index("study_id")["value"].astype(int)
    rows = []
    for keys, group in effects.groupby(SETTING, sort=True):
        setting = dict(zip(SETTING, group_key(keys), strict=True))
        controls = group[group["is_control"] & (group["why_not"] == "")]
        has_error = (controls["status"] == "ok") & (controls["std_error"] > 0)
        usable = (
            controls[has_error]
            .sort_values(["outcome", "is_primary", "covariates", "analysis_id"], key=_plainest)
            .drop_duplicates("outcome")
        )
        counts = {"n_controls": controls["outcome"].nunique(), "n_estimated": len(usable)}
        rows.append({**setting, **counts, **_null(usable, n_needed[setting["study_id"]])})
    return typed_table(rows, CONTROL_COLUMNS)


def calibrated_estimates(
    estimates: pd.DataFrame, outcomes: pd.DataFrame, controls: pd.DataFrame
) -> pd.DataFrame:
    """One row per study and analysis of what is no control, as fct_calibrated_estimates has them.

    `estimates` is fct_effect_estimates, `outcomes` study_outcomes, `controls`
    fct_negative_controls, whose row of the same sample and unit gives the systematic error.
    """
    effects = _effects(estimates, outcomes)
    nulls = {tuple(row[name] for name in SETTING): row for row in controls.to_dict("records")}
    rows = []
    for effect in effects[~effects["is_control"]].to_dict("records"):
        null = nulls[tuple(effect[name] for name in SETTING)]
        plain = {name: effect[name] for name in CALIBRATED_COLUMNS if name in effect}
        rows.append({**plain, "n_controls": null["n_estimated"], **_calibrated(effect, null)})
    return typed_table(rows, CALIBRATED_COLUMNS)


def _effects(estimates: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """The treated term of every analysis, whether its outcome is a control, and what keeps it from
    being set beside the others of its sample ('' where nothing does)."""
    keys = ["study_id", "analysis_id"]
    roles = outcomes[["study_id", "outcome", "role"]]
    effects = estimates[estimates["term"] == "treated"].sort_values(keys)
    effects = effects.merge(roles, on=["study_id", "outcome"], validate="many_to_one")
    varying = estimates.loc[estimates["term"].str.startswith(INTERACTION), keys]
    is_varying = pd.MultiIndex.from_frame(effects[keys]).isin(pd.MultiIndex.from_frame(varying))
    why_not = pd.Series("", index=effects.index)
    why_not[effects["subgroup"].notna()] = "subgroup: the negative controls are of the whole sample"
    why_not[is_varying] = "interaction: the effect isn't the same for every case"
    return effects.assign(is_control=effects["role"] == "negative_control", why_not=why_not)


def _plainest(column: pd.Series) -> pd.Series:
    """Sorts primary analyses and those without covariates to the front."""
    if column.name == "is_primary":
        return ~column.astype(bool)
    return column != "none" if column.name == "covariates" else column


def _null(usable: pd.DataFrame, n_needed: int) -> dict[str, Any]:
    seen = {}
    if len(usable):
        seen = {
            "share_significant": float((usable["p_value"] < SIGNIFICANT).mean()),
            "largest_abs_z": float((usable["estimate"] / usable["std_error"]).abs().max()),
        }
    values, errors = (usable[name].to_numpy(float) for name in ("estimate", "std_error"))
    try:
        error = fit_systematic_error(values, errors, int(n_needed))
    except NotEstimableError as reason:
        return {**seen, "status": "not_estimable", "status_reason": str(reason)}
    return {**seen, "mean_error": error.mean, "sd_error": error.sd, "status": "ok"}


def _calibrated(effect: Mapping[Hashable, Any], null: Mapping[Hashable, Any]) -> dict[str, Any]:
    try:
        for row in (effect, null):
            if row["status"] != "ok":
                raise NotEstimableError(row["status_reason"])
        if effect["why_not"]:
            raise NotEstimableError(effect["why_not"])
        if not effect["std_error"] > 0:
            raise NotEstimableError("no_error: the estimate has no standard error above 0")
    except NotEstimableError as reason:
        return {"status": "not_estimable", "status_reason": str(reason)}
    error = SystematicError(null["mean_error"], null["sd_error"])
    df = None if pd.isna(effect["df"]) else float(effect["df"])
    found = calibrate(effect["estimate"], effect["std_error"], error, df)
    return {
        "calibrated_estimate": found.estimate,
        "calibrated_ci_low": found.ci_low,
        "calibrated_ci_high": found.ci_high,
        "calibrated_p_value": found.p_value,
        "status": "ok",
    }
