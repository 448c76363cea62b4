"""Frames for the estimators: one row per case of one sample of one study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Evidence:
    """The curated tables that analyses are fitted on, as data frames of their public columns.

    `sample_cases`: fct_matched_cases; `study_cases`: fct_study_cases; `case_outcomes`:
    fct_case_outcomes;
    `covariate_values`: fct_study_covariates; `covariates`: study_covariates; `clocks`:
    int_case_clocks.
    """

    sample_cases: pd.DataFrame
    study_cases: pd.DataFrame
    case_outcomes: pd.DataFrame
    covariate_values: pd.DataFrame
    covariates: pd.DataFrame
    clocks: pd.DataFrame | None = None

    def sample(self, study_id: str, method: str) -> pd.DataFrame:
        """Cases of one sample with arm, weight, clusters and every covariate, in an order threads
        can't change."""
        cases = _of(self.study_cases, study_id=study_id)
        weights = _of(self.sample_cases, study_id=study_id, method=method)[["case_id", "weight"]]
        frame = cases.merge(weights, on="case_id", validate="one_to_one")
        frame["treated"] = (frame["arm"] == "treated").astype(int)
        values = _of(self.covariate_values, study_id=study_id)
        wide = values.pivot(index="case_id", columns="covariate", values="value")
        frame = frame.merge(wide, left_on="case_id", right_index=True, how="left")
        return frame.sort_values(["treated", "plan_start_date", "case_id"]).reset_index(drop=True)

    def samples(self) -> Iterator[tuple[str, str, pd.DataFrame]]:
        """Study, name and frame of every sample, in a fixed order."""
        pairs = self.sample_cases[["study_id", "method"]].drop_duplicates()
        for study_id, method in pairs.sort_values(["study_id", "method"]).to_numpy():
            yield study_id, method, self.sample(study_id, method)

    def with_outcome(self, frame: pd.DataFrame, study_id: str, outcome: str) -> pd.DataFrame:
        """`frame` with the outcome's value and is_censored."""
        outcomes = _of(self.case_outcomes, study_id=study_id, outcome=outcome)
        return _merged(frame, outcomes[["case_id", "value", "is_censored"]])

    def with_clock(self, frame: pd.DataFrame, study_id: str, clock: str) -> pd.DataFrame:
        """`frame` with days on the clock as value, is_censored, and the day a case is watched
        from."""
        assert self.clocks is not None
        clocks = _of(self.clocks, study_id=study_id, clock=clock)
        timed = clocks[["case_id", "time_days", "is_censored", "entry_days"]]
        return _merged(frame, timed.rename(columns={"time_days": "value"}))

    @property
    def clock_names(self) -> list[str]:
        """The survival clocks there are."""
        return [] if self.clocks is None else sorted(self.clocks["clock"].unique())

    def covariate_names(self, study_id: str, role: str) -> list[str]:
        """Covariates of the study that have the role (in_strata, in_balance, in_adjustment), in
        its order."""
        covariates = _of(self.covariates, study_id=study_id)
        return list(covariates[covariates[role]].sort_values("covariate_order")["covariate"])


def _of(table: pd.DataFrame, **values: str) -> pd.DataFrame:
    for column, value in values.items():
        table = table[table[column] == value]
    return table


def _merged(frame: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    frame = frame.merge(right, on="case_id", how="left", validate="one_to_one")
    frame["is_censored"] = frame["is_censored"].fillna(False).astype(bool)
    return frame
