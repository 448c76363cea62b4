"""What is fitted in each made-up authority: its study, as rows of the project's seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import duckdb
import pandas as pd

from project_copy import ProjectCopy

LIKE = "fact22"  # whose rules, windows, covariates and bins the made-up studies have
MATCHED, ALL_ELIGIBLE = "cem_caliper", "unmatched"
LENGTH = "case_length_days"
BINARY = {
    "closure": "closed_without_later_escalation",
    "escalation": "escalated",
    "rereferral": "rereferred_12m",
}
ERRORS = {
    "child": "cluster_child",
    "family": "cluster_family",
    "hc1": "hc1",
    "cr2_child": "cluster_cr2_child",
    "cr2_family": "cluster_cr2_family",
}
WEIGHTED = {"ipw": "cluster_child", "ebal": "cluster_child", "aipw": "influence"}
RULES = (
    "studies",
    "study_parameters",
    "study_covariates",
    "study_covariate_bins",
    "study_outcomes",
)


@dataclass(frozen=True)
class Fit:
    """One analysis: a row of seed `study_analyses`."""

    analysis_id: str
    outcome: str
    estimator: str
    se_type: str = "cluster_child"
    sample: str = MATCHED
    covariates: str = "none"
    clock: str = ""


def fits() -> Iterator[Fit]:
    """What a build estimates of each authority, named <what>_<how>_<errors>."""
    for name, outcome in BINARY.items():
        for errors, se_type in ERRORS.items():
            yield Fit(f"{name}_wls_{errors}", outcome, "wls", se_type)
        yield Fit(f"{name}_adjusted_child", outcome, "wls", covariates="matching")
        yield Fit(f"{name}_unmatched_child", outcome, "wls", sample=ALL_ELIGIBLE)
        for estimator, se_type in WEIGHTED.items():
            analysis_id = f"{name}_{estimator}_child"
            yield Fit(analysis_id, outcome, estimator, se_type, ALL_ELIGIBLE, "matching")
    for errors in ("child", "family", "hc1"):
        yield Fit(f"length_normal_{errors}", LENGTH, "censored_normal", ERRORS[errors])
    yield Fit("length_adjusted_child", LENGTH, "censored_normal", covariates="matching")
    yield Fit("length_unmatched_child", LENGTH, "censored_normal", sample=ALL_ELIGIBLE)
    for errors in ("child", "family"):
        yield Fit(f"hazard_cox_{errors}", LENGTH, "cox", ERRORS[errors], clock="plan_start")
        for clock in ("plan_start", "programme_entry"):
            analysis_id = f"hazard_stacked_{clock}_{errors}"
            yield Fit(analysis_id, LENGTH, "cox_stacked", ERRORS[errors], clock=clock)
    yield Fit("hazard_unmatched_child", LENGTH, "cox", sample=ALL_ELIGIBLE, clock="plan_start")


def set_studies(project: ProjectCopy, la_codes: dict[str, str]) -> None:
    """Gives the copy these studies (id: authority) instead of its own, each with every fit."""
    for seed in RULES:
        rows = [row for row in project.seed_rows(seed) if row["study_id"] == LIKE]
        project.write_seed(
            seed, [row | {"study_id": study_id} for study_id in la_codes for row in rows]
        )
    studies = [row | {"la_code": la_codes[row["study_id"]]} for row in project.seed_rows("studies")]
    project.write_seed("studies", studies)
    analyses = [asdict(fit) | {"is_primary": "false", "in_curve": "false"} for fit in fits()]
    project.write_seed(
        "study_analyses",
        [{"study_id": study_id} | row for study_id in la_codes for row in analyses],
    )


def fitted(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The build's estimates of the effect, one row per study and analysis."""
    return warehouse.sql(
        """select study_id, analysis_id as analysis, outcome, sample, estimator, estimate,
            std_error, ci_low, ci_high, p_value, status
        from py_effect_estimates where term = 'treated'"""
    ).df()


def treated_rows(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """study_id, sample and, for each treated case of it, the row of its extract (from 0)."""
    return warehouse.sql(
        """select study_id, method as sample, source_row_number - 1 as extract_row
        from fct_matched_cases
        inner join std_cin_cases using (la_code, case_id)
        where arm = 'treated'"""
    ).df()
