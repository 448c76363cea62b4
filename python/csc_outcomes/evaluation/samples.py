"""Frames for the estimators: one row per case of one sample of one study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from csc_outcomes.estimators.design import INTERACTION

Key = tuple[str, ...]
ASKED_CLOCKS = ("referral", "recoded_referral")  # run for studies that ask for them alone
UNWEIGHTED_SAMPLES = ("unmatched", "allocated_children")  # every case counts once, by no link
BY_CALIPER = "cem_caliper"
NO_LINKS = (
    "links_not_kept: the sample has more links than the study keeps (links_kept_up_to), and this "
    "needs them one by one"
)
NO_COVARIATES, ALL_COVARIATES = "none", "matching"
# The id comes last, for cases that are alike in everything else.
ROW_ORDER = [
    "treated",
    "plan_start_date",
    "entry_date",
    "closure_date",
    "referral_date",
    "stratum",
    "case_id",
]


@dataclass(frozen=True)
class Evidence:
    """The curated tables that analyses are fitted on, as data frames of their public columns.

    `sample_cases`: fct_matched_cases, or int_analysed_cases for every reading of a study;
    `case_outcomes` likewise fct_case_outcomes or int_analysed_outcomes. What no reading changes:
    `study_cases`: fct_study_cases; `covariate_values`: fct_study_covariates; `covariates`:
    study_covariates; `clocks`: int_case_clocks; `links`: fct_matched_links; `scores`:
    fct_propensity_scores; `subgroup_cases`: int_subgroup_cases. `unlinked` names the studies whose
    links are too many to be kept (py_caliper_weights). `base_ids` names the study that a
    reading belongs to; a study that isn't among them is its own.
    """

    sample_cases: pd.DataFrame
    study_cases: pd.DataFrame
    case_outcomes: pd.DataFrame
    covariate_values: pd.DataFrame
    covariates: pd.DataFrame
    clocks: pd.DataFrame | None = None
    links: pd.DataFrame | None = None
    scores: pd.DataFrame | None = None
    subgroup_cases: pd.DataFrame | None = None
    unlinked: frozenset[str] = frozenset()
    base_ids: dict[str, str] = field(default_factory=dict)

    def sample(self, study_id: str, method: str, subgroup: str | None = None) -> pd.DataFrame:
        """Cases of one sample, or of one subgroup of it, with arm, weight, clusters and every
        covariate, in an order of content that neither threads nor pseudonyms change."""
        if subgroup is None:
            weights = self._samples.of(study_id, method)
        else:
            weights = self._subgroups.of(study_id, method, subgroup)
        frame = self._described(study_id).merge(
            weights[["case_id", "weight"]], on="case_id", validate="one_to_one"
        )
        return frame.sort_values(ROW_ORDER).reset_index(drop=True)

    def samples(self, asked: pd.DataFrame | None = None) -> Iterator[tuple[str, str, pd.DataFrame]]:
        """Study, name and frame of every sample, in a fixed order: those with cases, and without
        rows those that `asked` (study_id, sample) names besides: the main reading's rows of
        int_study_analyses, or study_analyses for studies whose authority isn't in the build too."""
        keys = {key for key, _ in self._samples.items()}
        if asked is not None:
            keys |= set(asked[["study_id", "sample"]].itertuples(index=False, name=None))
        for study_id, method in sorted(keys):
            yield study_id, method, self.sample(study_id, method)

    def with_outcome(self, frame: pd.DataFrame, study_id: str, outcome: str) -> pd.DataFrame:
        """`frame` with the outcome's value and is_censored."""
        outcomes = self._outcomes.of(study_id, outcome)
        return _merged(frame, outcomes[["case_id", "value", "is_censored"]])

    def with_clock(self, frame: pd.DataFrame, study_id: str, clock: str) -> pd.DataFrame:
        """`frame` with days on the clock as value, is_censored, and the day a case is watched
        from."""
        clocks = self._clocks.of(study_id, clock)
        timed = clocks[["case_id", "time_days", "is_censored", "entry_days"]]
        return _merged(frame, timed.rename(columns={"time_days": "value"}))

    def with_score(self, frame: pd.DataFrame, study_id: str) -> pd.DataFrame:
        """The cases of `frame` that have a propensity score, with it."""
        scores = self._scores.of(study_id)
        return frame.merge(scores[["case_id", "score"]].dropna(), on="case_id")

    def with_levels(self, frame: pd.DataFrame, study_id: str) -> pd.DataFrame:
        """`frame` for models: covariates of kind `levels` as texts of their whole value, in the
        order of the numbers, so that each level but the lowest is an indicator."""
        own = self.covariates[self.covariates["study_id"] == self._base(study_id)]
        names = own.loc[own["kind"] == "levels", "covariate"]
        return frame.assign(**{str(name): _as_levels(frame[name]) for name in names})

    def adjustment(
        self, study_id: str, analysis_id: str, covariates: str, has_main_effects: bool = True
    ) -> list[str]:
        """The covariates of an analysis: `none`, or names joined by `|`, in the order given.

        A name is a covariate of the study, `treated:x` for the interaction with covariate x (which
        brings x along, or leaves it out without `has_main_effects`), or `matching` for every
        covariate that is in_adjustment. Raises ValueError for a name that the study does not have
        and for an interaction with levels.
        """
        names: list[str] = []
        for part in covariates.split("|"):
            plain = part.removeprefix(INTERACTION)
            if part == ALL_COVARIATES:
                names += self.covariate_names(study_id, "in_adjustment")
            elif part != NO_COVARIATES or covariates != NO_COVARIATES:
                self._check_covariate(study_id, analysis_id, part)
                names += [plain, part]
        if not has_main_effects:
            names = [name for name in names if f"{INTERACTION}{name}" not in names]
        return list(dict.fromkeys(names))

    def _check_covariate(self, study_id: str, analysis_id: str, part: str) -> None:
        where = f"Study {study_id!r}, analysis {analysis_id!r}"
        own = self.covariates[self.covariates["study_id"] == self._base(study_id)]
        kinds = dict(zip(own["covariate"].astype(str), own["kind"], strict=True))
        name = part.removeprefix(INTERACTION)
        if name not in kinds:
            raise ValueError(f"{where}: unknown covariate {part!r}; one of {sorted(kinds)}.")
        if part != name and kinds[name] == "levels":
            raise ValueError(f"{where}: {part!r} would need a number, and {name!r} has levels.")

    def lacks_links(self, study_id: str, method: str) -> bool:
        """Whether the sample has weights, but links too many to be kept."""
        return method == BY_CALIPER and study_id in self.unlinked

    def links_of(self, study_id: str, method: str) -> pd.DataFrame:
        """The links of one sample."""
        return self._links.of(study_id, method)

    def clock_names(self, study_id: str) -> list[str]:
        """The survival clocks of a study: those that run for it, and, in one that doesn't ask for
        a clock of its own, those that run for every such study, though nobody is on them."""
        if self.clocks is None:
            return []
        names = sorted(self.clocks["clock"].unique())
        running = [name for name in names if len(self._clocks.of(study_id, name))]
        if set(running) & set(ASKED_CLOCKS):
            return running
        return [name for name in names if name not in ASKED_CLOCKS]

    def covariate_names(self, study_id: str, role: str) -> list[str]:
        """Covariates of the study that have the role (in_strata, in_balance, in_adjustment), in
        its order."""
        return covariate_names(self.covariates, self._base(study_id), role)

    def _base(self, study_id: str) -> str:
        return self.base_ids.get(study_id, study_id)

    def _described(self, study_id: str) -> pd.DataFrame:
        """Every case of the study with its covariates beside it."""
        described = self._cases_with_covariates
        if (base := self._base(study_id)) not in described:
            cases = self._cases.of(base)
            values = self._values.of(base)
            wide = values.pivot(index="case_id", columns="covariate", values="value")
            names = self.covariates.loc[self.covariates["study_id"] == base, "covariate"]
            wide = wide.reindex(columns=[*wide.columns, *names[~names.isin(wide.columns)]])
            cases = cases.assign(treated=(cases["arm"] == "treated").astype(int))
            described[base] = cases.merge(wide, left_on="case_id", right_index=True, how="left")
        return described[base]

    @cached_property
    def _cases_with_covariates(self) -> dict[str, pd.DataFrame]:
        return {}

    @cached_property
    def _cases(self) -> _Parts:
        return _Parts(self.study_cases, "study_id")

    @cached_property
    def _values(self) -> _Parts:
        return _Parts(self.covariate_values, "study_id")

    @cached_property
    def _samples(self) -> _Parts:
        return _Parts(self.sample_cases, "study_id", "method")

    @cached_property
    def _subgroups(self) -> _Parts:
        return _Parts(self.subgroup_cases, "study_id", "method", "subgroup")

    @cached_property
    def _outcomes(self) -> _Parts:
        return _Parts(self.case_outcomes, "study_id", "outcome")

    @cached_property
    def _clocks(self) -> _Parts:
        return _Parts(self.clocks, "study_id", "clock")

    @cached_property
    def _scores(self) -> _Parts:
        return _Parts(self.scores, "study_id")

    @cached_property
    def _links(self) -> _Parts:
        return _Parts(self.links, "study_id", "method")


class _Parts:
    """A table cut by `columns` once, since every analysis asks for a part of it."""

    def __init__(self, table: pd.DataFrame | None, *columns: str) -> None:
        if table is None:
            raise ValueError(f"This evidence has no table to cut by {', '.join(columns)}.")
        # Texts as plain objects: pandas copies those several times faster than Arrow's.
        texts: list[str] = list(table.select_dtypes(include="string").columns)
        table = table.astype(dict.fromkeys(texts, object))
        self._none: pd.DataFrame = table.head(0)
        self._parts: dict[Key, pd.DataFrame] = {
            tuple(key): part for key, part in table.groupby(list(columns), sort=True)
        }

    def of(self, *key: str) -> pd.DataFrame:
        """The part of one key; without rows where there is none."""
        return self._parts.get(key, self._none)

    def items(self) -> Iterator[tuple[Key, pd.DataFrame]]:
        """Every key with its part, in order."""
        yield from self._parts.items()


def covariate_names(covariates: pd.DataFrame, study_id: str, role: str) -> list[str]:
    """Covariates of a study that have the role, in its order; `covariates` is study_covariates."""
    is_used = (covariates["study_id"] == study_id) & covariates[role]
    return list(covariates[is_used].sort_values("covariate_order")["covariate"])


def _as_levels(values: pd.Series) -> pd.Series:
    whole = np.floor(pd.to_numeric(values).to_numpy(float))
    levels = [f"{level:.0f}" for level in np.unique(whole[~np.isnan(whole)])]
    texts = [None if np.isnan(value) else f"{value:.0f}" for value in whole]
    return pd.Series(pd.Categorical(texts, levels, ordered=True), index=values.index)


def group_key(keys: Any) -> Key:
    """The key of a pandas group as texts, empty where there is none."""
    return tuple("" if pd.isna(value) else str(value) for value in keys)


def _merged(frame: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    frame = frame.merge(right, on="case_id", how="left", validate="one_to_one")
    frame["is_censored"] = frame["is_censored"].fillna(False).astype(bool)
    return frame
