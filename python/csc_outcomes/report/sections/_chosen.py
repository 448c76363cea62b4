"""Which sample, analyses and outcomes of a study its figures are drawn of."""

from __future__ import annotations

import pandas as pd

from csc_outcomes.report.pages import study_row
from csc_outcomes.report.source import Source
from csc_outcomes.report.words import outcome_labels, words


def estimates_of(source: Source, study_id: str) -> pd.DataFrame:
    """The study's rows of `effect_estimates`."""
    return source.table("effect_estimates", study_id=study_id)


def primary_effects(source: Source, study_id: str) -> pd.DataFrame:
    """One row per primary analysis of the study: its effect of the programme."""
    rows = estimates_of(source, study_id)
    is_primary = rows["is_primary"].fillna(False).astype(bool)
    return rows[is_primary & rows["term"].eq("treated")].reset_index(drop=True)


def main_sample(source: Source, study_id: str) -> str:
    """The sample of the study's primary analyses; all eligible cases where it has none."""
    effects = primary_effects(source, study_id)
    return str(effects["sample"].iloc[0]) if len(effects) else "unmatched"


def parameter(source: Source, study_id: str, name: str) -> str | None:
    """The study's value of a parameter, None where it has none."""
    rows = source.table_or_empty("study_parameters", study_id=study_id)
    found = rows[rows["parameter_id"] == name] if len(rows) else rows
    if not len(found) or pd.isna(found["value"].iloc[0]):
        return None
    return str(found["value"].iloc[0])


def is_trial(source: Source, study_id: str) -> bool:
    """Whether chance settled who was offered the programme."""
    return bool(study_row(source, study_id)["design"] == "rct")


def chosen_by_entry(source: Source, study_id: str) -> bool:
    """Whether treated cases are those that entered the programme, which they reached open."""
    return parameter(source, study_id, "arm_source") != "allocation"


def label_of(source: Source, outcome: str) -> str:
    """An outcome's name for readers."""
    return outcome_labels(source).get(outcome, str(words({}, outcome)))


def analysis_like(
    estimates: pd.DataFrame, main: pd.Series | None, outcome: str, sample: str
) -> str | None:
    """The analysis of another outcome that is made as the main one is; None without one."""
    rows = estimates[
        estimates["term"].eq("treated")
        & estimates["outcome"].eq(outcome)
        & estimates["sample"].eq(sample)
        & estimates["subgroup"].isna()
    ]
    if main is not None:
        for name in ("estimator", "covariates", "se_type"):
            rows = rows[rows[name] == main[name]]
    return str(rows["analysis_id"].iloc[0]) if len(rows) else None
