"""Propensity scores of eligible cases, and the comparators nearest in score to each treated one."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

import duckdb
import numpy as np
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
        (
            "study_id",
            "la_code",
            "method",
            "treated_case_id",
            "comparator_la_code",
            "comparator_case_id",
        ),
        TEXT,
    ),
    "rank": COUNT,
    "distance": NUMBER,
    "gap_days": COUNT,
}
BY_SCORE = "nearest_neighbours"
METHODS = WITH_REPLACEMENT, WITHOUT_REPLACEMENT = "psm_3nn", "psm_3nn_unique"
CASE = ["study_id", "la_code", "case_id"]


def studies_by_score(analyses: pd.DataFrame) -> pd.Series:
    """The base study of each study and reading, in `analyses` (int_study_analyses), that has an
    analysis by score; its index are their study_ids."""
    by_score = analyses["sample"].isin(METHODS) | (analyses["estimator"] == BY_SCORE)
    return analyses[by_score].groupby("study_id")["base_study_id"].first()


def of_studies(
    relation: duckdb.DuckDBPyRelation, study_ids: Iterable[str]
) -> duckdb.DuckDBPyRelation:
    """The rows of these studies alone, so that no other study's become Python's."""
    names = [duckdb.ConstantExpression(study_id) for study_id in sorted(set(study_ids))]
    return relation.filter(duckdb.ColumnExpression("study_id").isin(*names) if names else "false")


def propensity_scores(
    cases: pd.DataFrame,
    covariate_values: pd.DataFrame,
    covariates: pd.DataFrame,
    analyses: pd.DataFrame,
) -> pd.DataFrame:
    """One row per study and eligible case, as fct_propensity_scores has them.

    `cases` is int_matchable_cases, `covariate_values` int_study_covariates, `covariates` the seed
    study_covariates and `analyses` int_study_analyses: only studies and readings count
    that have an analysis by score. The score is that of a logit on every covariate of adjusted
    models. Cases that lack one of them, and studies whose scores can't be fitted, have no score
    but a reason.
    """
    base = studies_by_score(analyses)
    cases = cases[cases["study_id"].isin(base.index)]
    covariate_values = covariate_values[covariate_values["study_id"].isin(base.index)]
    values = covariate_values.pivot(index=CASE, columns="covariate", values="value").reset_index()
    rows = []
    for study_id, of_study in cases.groupby("study_id", sort=True):
        names = covariate_names(covariates, base[study_id], "in_adjustment")
        frame = in_fixed_order(of_study)[["study_id", "la_code", "case_id", "arm"]]
        frame = frame.merge(values, how="left", on=CASE)
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

    `cases` is int_matchable_cases, `scores` py_propensity_scores, `studies` int_study_settings.
    Method psm_3nn matches with replacement, psm_3nn_unique without and for the main reading alone.
    Ties in distance are settled on content: nearest start, earlier start, younger, earlier row.
    With `psm_open_at_entry` a comparator must be open on the day the treated case entered;
    `open_at_entry_inclusive` decides for one that closed that day.
    """
    asked = studies.set_index("study_id")
    scored = cases.merge(scores[["study_id", "la_code", "case_id", "score"]], on=CASE)
    scored = scored.dropna(subset="score").rename(
        columns={"plan_start_date": "start_date", "age_at_plan_start": "age"}
    )
    # Links are sought in each authority apart, unless the study pools them.
    is_pooled = scored["study_id"].map(asked["strata_within"]) == "study"
    scored["pool"] = scored["la_code"].mask(is_pooled, "")
    facts = asked.to_dict("index")
    tables = []
    for (study_id, _), frame in scored.groupby(["study_id", "pool"], sort=True):
        frame = in_fixed_order(frame, "start_date")
        frame["treated"] = (frame["arm"] == "treated").astype(int)
        # Cases go by number, for another authority's may have the same id.
        numbered = frame.assign(case_id=frame.index)
        for method, links in _links(numbered, facts[study_id]):
            one, other = (
                frame.loc[links[f"{arm}_case_id"], ["la_code", "case_id"]].to_numpy(object).T
                for arm in ("treated", "comparator")
            )
            links = links.assign(
                study_id=str(study_id),
                method=method,
                la_code=one[0],
                treated_case_id=one[1],
                comparator_la_code=other[0],
                comparator_case_id=other[1],
            )
            tables.append(links)
    return typed_tables(tables, LINK_COLUMNS)


def _links(
    frame: pd.DataFrame, study: Mapping[Hashable, Any]
) -> Iterator[tuple[str, pd.DataFrame]]:
    n_neighbours = int(study["psm_neighbours"])
    open_days = _open_days(frame, study) if study["psm_open_at_entry"] else None
    yield WITH_REPLACEMENT, propensity.nearest_neighbours(frame, n_neighbours, open_days)
    if study["reading"] == "main":
        links = propensity.neighbours_without_replacement(frame, n_neighbours, open_days)
        yield WITHOUT_REPLACEMENT, links


def _open_days(frame: pd.DataFrame, study: Mapping[Hashable, Any]) -> propensity.OpenDays:
    """From when to when each case was open; a closing day counts as the study says."""
    entry, first, closed = (
        frame[name].to_numpy().astype("datetime64[D]")
        for name in ("entry_date", "start_date", "closure_date")
    )
    last = closed.astype(np.int64) - (0 if study["open_at_entry_inclusive"] else 1)
    last[np.isnat(closed)] = np.iinfo(np.int64).max
    return propensity.OpenDays(entry.astype(np.int64), first.astype(np.int64), last)


def in_fixed_order(cases: pd.DataFrame, start: str = "plan_start_date") -> pd.DataFrame:
    """Cases in the order of their content, so that no thread's order bears on a figure."""
    # A case list's rows have a place of their own; several files are told apart by their key.
    columns = [start, "file_key", "source_row_number"]
    ordered = cases.sort_values(columns, kind="stable").reset_index(drop=True)
    ordered["source_row"] = ordered.index
    return ordered
