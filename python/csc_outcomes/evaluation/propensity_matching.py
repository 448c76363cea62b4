"""Propensity scores of eligible cases, and the comparators nearest in score to each treated one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from csc_outcomes.estimators import propensity
from csc_outcomes.estimators.result import NotEstimableError
from csc_outcomes.evaluation.samples import covariate_names
from csc_outcomes.typed import COUNT, NUMBER, TEXT, typed_tables

SCORE_COLUMNS = {
    **dict.fromkeys(("study_id", "la_code", "case_id", "arm"), TEXT),
    "score": NUMBER,
    **dict.fromkeys(("status", "status_reason"), TEXT),
}
LINK_COLUMNS = {
    **dict.fromkeys(
        ("study_id", "la_code", "method", "treated_case_id", "comparator_case_id"), TEXT
    ),
    "rank": COUNT,
    "distance": NUMBER,
    "gap_days": COUNT,
}
METHODS = WITH_REPLACEMENT, WITHOUT_REPLACEMENT = "psm_3nn", "psm_3nn_unique"
MATCHED_ON = [
    "case_id",
    "treated",
    "score",
    "start_date",
    "age",
    "source_row",
    "entry_date",
    "closure_date",
]


def propensity_scores(
    cases: pd.DataFrame,
    covariate_values: pd.DataFrame,
    covariates: pd.DataFrame,
    analyses: pd.DataFrame,
) -> pd.DataFrame:
    """One row per study and eligible case, as fct_propensity_scores has them.

    `cases` is int_matchable_cases, `covariate_values` int_study_covariates, `covariates` the seed
    study_covariates and `analyses` int_study_analyses: of the readings of a study only those count
    that have an analysis by score. The score is that of a logit on every covariate of adjusted
    models. Cases that lack one of them, and studies whose scores can't be fitted, have no score
    but a reason.
    """
    by_score = analyses["sample"].isin(METHODS) | (analyses["reading"] == "main")
    base = analyses[by_score].groupby("study_id")["base_study_id"].first()
    cases = cases[cases["study_id"].isin(base.index)]
    covariate_values = covariate_values[covariate_values["study_id"].isin(base.index)]
    values = covariate_values.pivot(
        index=["study_id", "case_id"], columns="covariate", values="value"
    ).reset_index()
    rows = []
    for study_id, of_study in cases.groupby("study_id", sort=True):
        names = covariate_names(covariates, base[study_id], "in_adjustment")
        frame = in_fixed_order(of_study)[["study_id", "la_code", "case_id", "arm"]]
        frame = frame.merge(values, how="left", on=["study_id", "case_id"])
        rows.append(_scored(frame, names))
    return typed_tables(rows, SCORE_COLUMNS)


def _scored(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    frame["treated"] = (frame["arm"] == "treated").astype(int)
    complete = frame[names].notna().all(axis=1)
    frame["status"] = complete.map({True: "ok", False: "not_estimable"})
    frame["status_reason"] = complete.map({False: "missing_covariate: the case lacks a covariate"})
    try:
        frame.loc[complete, "score"] = propensity.propensity_scores(frame[complete], names)
    except NotEstimableError as reason:
        frame = frame.assign(score=None, status="not_estimable", status_reason=str(reason))
    return frame


def propensity_links(
    cases: pd.DataFrame, scores: pd.DataFrame, studies: pd.DataFrame
) -> pd.DataFrame:
    """One row per study, method, treated case and comparator: the nearest `psm_neighbours`.

    `cases` is int_matchable_cases, `scores` py_propensity_scores, `studies` int_studies. Method
    psm_3nn matches with replacement, psm_3nn_unique without and for the main reading alone.
    Ties in distance are settled on content: nearest start, earlier start, younger, earlier row.
    With `psm_open_at_entry` a comparator must be open on the day the treated case entered;
    `open_at_entry_inclusive` decides for one that closed that day.
    """
    scored = cases.merge(scores[["study_id", "case_id", "score"]], on=["study_id", "case_id"])
    scored = scored.dropna(subset="score").rename(
        columns={"plan_start_date": "start_date", "age_at_plan_start": "age"}
    )
    facts = studies.set_index("study_id").to_dict("index")
    tables = []
    for study_id, frame in scored.groupby("study_id", sort=True):
        frame = in_fixed_order(frame, "start_date")
        frame["treated"] = (frame["arm"] == "treated").astype(int)
        study = facts[study_id]
        for method, links in _links(frame[MATCHED_ON].astype({"case_id": object}), study):
            tables.append(links.assign(study_id=study_id, la_code=study["la_code"], method=method))
    return typed_tables(tables, LINK_COLUMNS)


def _links(
    frame: pd.DataFrame, study: Mapping[Hashable, Any]
) -> Iterator[tuple[str, pd.DataFrame]]:
    n_neighbours = int(study["psm_neighbours"])
    may_serve = None
    if study["psm_open_at_entry"]:
        may_serve = partial(_is_open_at_entry, is_last_day_open=study["open_at_entry_inclusive"])
    if may_serve is None:
        yield WITH_REPLACEMENT, propensity.nearest_neighbours(frame, n_neighbours)
    else:
        yield WITH_REPLACEMENT, _among_open(frame, n_neighbours, may_serve)
    if study["reading"] == "main":
        links = propensity.neighbours_without_replacement(frame, n_neighbours, may_serve)
        yield WITHOUT_REPLACEMENT, links


def _is_open_at_entry(
    one: Any, comparators: pd.DataFrame, is_last_day_open: bool
) -> npt.NDArray[np.bool_]:
    """Which comparators were open on the day that a treated case entered."""
    closed = comparators["closure_date"]
    is_over = closed < one.entry_date if is_last_day_open else closed <= one.entry_date
    return np.asarray((comparators["start_date"] <= one.entry_date) & ~is_over)


def _among_open(
    frame: pd.DataFrame, n_neighbours: int, may_serve: Callable[..., npt.NDArray[np.bool_]]
) -> pd.DataFrame:
    """Each treated case's nearest among the comparators that may serve it."""
    comparators = frame[frame["treated"] == 0]
    links = [propensity.nearest_neighbours(frame.head(0), n_neighbours)]
    for one in frame[frame["treated"] == 1].itertuples():
        own = frame.loc[[one.Index]]
        open_ones = comparators[may_serve(one, comparators)]
        links.append(propensity.nearest_neighbours(pd.concat([own, open_ones]), n_neighbours))
    return pd.concat(links, ignore_index=True)


def in_fixed_order(cases: pd.DataFrame, start: str = "plan_start_date") -> pd.DataFrame:
    """Cases in the order of their content, so that no thread's order bears on a figure."""
    # A case list's rows have a place of their own; several files are told apart by their key.
    columns = [start, "file_key", "source_row_number"]
    ordered = cases.sort_values(columns, kind="stable").reset_index(drop=True)
    ordered["source_row"] = ordered.index
    return ordered
